import { defineParticipant, type Keyed } from './definition';

/** The point service's command for one order. */
export interface PointCommand extends Keyed {
  customerId: string;
  points: number;
}

/** The point service keeps each customer's points. One point pays one unit of price. */
export const point = defineParticipant({
  name: 'point',
  label: 'points',
  command: ({ orderId, customerId, total }): PointCommand => ({
    orderId,
    customerId,
    points: total,
  }),
  owes: ({ customerId, points }: PointCommand) => [{ id: customerId, amount: points }],
  commandOf: (orderId, [account]): PointCommand => {
    if (!account) throw new Error(`Order ${orderId} has no reservation of points`);
    return { orderId, customerId: account.id, points: account.amount };
  },
  content: ({ customerId, points }: PointCommand) => [customerId, points],
  books: {
    balances: 'point_accounts',
    ledger: 'point_ledger',
    key: 'customer_id',
    amount: 'points',
    taking: 'use',
    returning: 'refund',
    bookings: { add: 'grant', remove: 'withdraw' },
    holder: 'customer',
  },
  // A customer without an account has zero points, as `GET /points` says too.
  unknown: null,
  rejection: {
    code: 'insufficient-points',
    title: 'Not enough points',
    advice: 'Nothing was charged. Place a new, smaller order, or top up your points first.',
  },
  steps: {
    saga: { action: 'usePoints', compensation: 'refundPoints' },
    tcc: {
      try: 'tryPoints',
      confirm: 'confirmPoints',
      cancel: 'cancelPoints',
      freeze: 'freezePoints',
      thaw: 'thawPoints',
      aged: 'agedPoints',
    },
    xa: {
      prepare: 'preparePoints',
      commit: 'commitPoints',
      rollback: 'rollbackPoints',
      find: 'findPointBranches',
    },
    findWork: 'findPointWork',
  },
  events: {
    taken: 'PointsUsed',
    rejected: 'PointsRejected',
    notTaken: 'PointsNotTaken',
    givenBack: 'PointsRefunded',
  },
});
