import type { Mutation } from '../mutants/mutate';
import { answersOwnVerdict, claimWithoutStatus, completeOverDecision } from '../mutants/mutations';

/** The order service, broken on purpose, and the message of its batches’ property. */
export const mutants: [what: string, symptom: RegExp, mutations: Mutation[]][] = [
  [
    'a claim without its status guard',
    // The schema's guard may see it first, where the order that it claims again waits for something.
    /owner changed|not permitted|an end without its time|toContain|orders_pending_waits|guard-violated/,
    claimWithoutStatus,
  ],
  [
    'a COMPLETE over an existing decision',
    // It may be seen first where the CANCEL that it overwrites had something registered.
    /decision changed|not permitted|it ended twice|toEqual|orders_pending_waits|guard-violated|PENDING registry row/,
    completeOverDecision,
  ],
  ['an answered decision that does not hold', /toEqual/, answersOwnVerdict],
  [
    'a close that does not read the registry',
    /ended with a PENDING registry row/,
    [
      {
        file: 'activities/order/decision.ts',
        in: 'closeOrders',
        from: "status', 'PENDING'",
        to: "status', 'X'",
      },
    ],
  ],
  [
    'a PENDING order without an alert',
    /PENDING without an alert or a registry row/,
    [{ file: 'activities/order/decision.ts', in: 'alertOrders', from: '...open, ', to: '' }],
  ],
  [
    'an adoption without compare-and-set',
    /toBeLessThanOrEqual/,
    [
      {
        file: 'activities/order/adoption.ts',
        in: 'adoptOrder',
        from: 'row.owner === ownerBefore.get(row.order_id)',
        to: 'true',
      },
    ],
  ],
  [
    'a registration that does not check whether the order has ended',
    /ended with a PENDING registry row/,
    [
      {
        file: 'activities/order/compensation-queue.ts',
        in: 'registerCompensations',
        from: 'isOpen(rows.get(orderId))',
        to: 'true',
      },
    ],
  ],
  [
    'a last row DONE that does not end the order',
    /toEqual/,
    [
      {
        file: 'activities/order/compensation-queue.ts',
        in: 'recordCompensations',
        from: 'error === undefined ? madeGood(trx) : failedAgain(trx, error, firstRetryMs)',
        to: "failedAgain(trx, error ?? '', firstRetryMs)",
      },
    ],
  ],
];
