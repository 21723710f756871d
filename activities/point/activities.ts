import type { Knex } from 'knex';
import type { PointActivities, PointCommand } from '../../contracts/steps';
import type { XaConnections } from '../transaction/branch-connection';
import { contentHash } from '../transaction/once';
import { createParticipantWork } from '../transaction/recovery-work';
import { createSagaSteps, type ParticipantRules } from '../transaction/participant';
import { reserve } from '../transaction/reservations';
import { createTccSteps } from '../transaction/tcc';
import { createXaSteps } from '../transaction/xa';
import { pointBooks, returnPoints, takePoints } from './steps';

/** What the point service says of itself as a participant, whichever protocol asks. */
export const pointRules: ParticipantRules<PointCommand> = {
  action: 'usePoints',
  compensation: 'refundPoints',
  books: pointBooks,
  balancesOf: ({ customerId }) => [customerId],
  hashOf: ({ customerId, points }) => contentHash([customerId, points]),
  take: takePoints,
  giveBack: returnPoints,
};

/** The point service's activities, given its database; without `xa`, its XA steps refuse. */
export function createPointActivities(knex: Knex, xa?: XaConnections): PointActivities {
  const saga = createSagaSteps(knex, pointRules);
  const tcc = createTccSteps<PointCommand>(knex, {
    ...pointRules,
    steps: { try: 'tryPoints', confirm: 'confirmPoints', cancel: 'cancelPoints' },
    reserve: (trx, fresh) => takePoints(trx, fresh, pointBooks, reserve),
    commandOf: (orderId, [account]) => {
      if (!account) throw new Error(`Order ${orderId} has no reservation of points`);
      return { orderId, customerId: account.id, points: account.amount };
    },
  });
  const branches = createXaSteps<PointCommand>(knex, xa, {
    ...pointRules,
    participant: 'point',
    prepare: 'preparePoints',
    rollback: 'rollbackPoints',
  });
  return {
    usePoints: saga.act,
    refundPoints: saga.compensate,
    tryPoints: tcc.try,
    confirmPoints: tcc.confirm,
    cancelPoints: tcc.cancel,
    freezePoints: tcc.freeze,
    thawPoints: tcc.thaw,
    agedPoints: tcc.aged,
    preparePoints: branches.prepare,
    commitPoints: branches.commit,
    rollbackPoints: branches.rollback,
    findPointBranches: branches.find,
    findPointWork: createParticipantWork(tcc.aged, xa && branches.find),
  };
}
