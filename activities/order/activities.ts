import type { Knex } from 'knex';
import type { OrderActivities } from '../../contracts/steps';
import { asActivity } from '../transaction/activity-failure';
import { runTransaction } from '../transaction/transaction';
import { adopt, findOrphans, type OwnerState } from './adoption';
import { due, recordResults, register } from './registry';
import { close, decide, hold, lockOrders } from './steps';

export interface OrderDeps {
  knex: Knex;
  /** Asks Temporal what has become of a workflow. */
  ownerState: (workflowId: string) => Promise<OwnerState>;
}

/** The order service's activities, given its database and a way to ask about owners. */
export function createOrderActivities({ knex, ownerState }: OrderDeps): OrderActivities {
  const inTransaction = <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
    asActivity(() => runTransaction(knex, work));
  return {
    decideOrders: (verdicts) => inTransaction((trx) => decide(trx, verdicts)),
    closeOrders: (orderIds) =>
      inTransaction(async (trx) => {
        await lockOrders(trx, orderIds);
        await close(trx, orderIds);
      }),
    holdOrders: (broken) => inTransaction((trx) => hold(trx, broken)),
    registerCompensations: (failed) => inTransaction((trx) => register(trx, failed)),
    dueCompensations: (limit) => asActivity(() => due(knex, limit)),
    recordCompensations: (results) => inTransaction((trx) => recordResults(trx, results)),
    findOrphans: (input) => asActivity(() => findOrphans(knex, ownerState, input)),
    adoptOrder: (orphan, newOwner) => asActivity(() => adopt(knex, orphan, newOwner)),
  };
}
