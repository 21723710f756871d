import type { Knex } from 'knex';
import type { OrderActivities } from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { runTransaction } from '../database/transaction';
import { adopt, findOrphans, type AskOwners } from './adoption';
import { createOrderWork, noteLook, noteRecovery } from './recovery';
import { defaultFirstRetryMs, due, recordResults, register } from './registry';
import { conclude, last, open, overturn, unconfirmed } from './resolutions';
import {
  alertAll,
  close,
  complete,
  decide,
  hold,
  lockOrders,
  readDecisions,
  resolveAlerts,
} from './steps';

export interface OrderDeps {
  knex: Knex;
  /** Asks Temporal for the state of orders' owners. */
  askOwners: AskOwners;
  /** The delay before the first attempt of a registered compensation. Doubles with each failure. */
  registryRetryMs?: number | undefined;
}

/** Creates the order service's activities on its database. */
export function createOrderActivities(deps: OrderDeps): OrderActivities {
  const { knex, askOwners, registryRetryMs = defaultFirstRetryMs } = deps;
  const findOrderWork = createOrderWork(knex, askOwners);
  const inTransaction = <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
    asActivity(() => runTransaction(knex, work));
  return {
    decideOrders: (verdicts) => inTransaction((trx) => decide(trx, verdicts)),
    readDecisions: (orderIds) => asActivity(() => readDecisions(knex, orderIds)),
    closeOrders: (orderIds) =>
      inTransaction(async (trx) => {
        await lockOrders(trx, orderIds);
        await close(trx, orderIds);
      }),
    completeOrders: (orderIds) => inTransaction((trx) => complete(trx, orderIds)),
    alertOrders: (troubled) => inTransaction((trx) => alertAll(trx, troubled)),
    resolveHeld: (orderIds) =>
      inTransaction((trx) => resolveAlerts(trx, orderIds, 'reservation-held')),
    holdOrders: (broken) => inTransaction((trx) => hold(trx, broken)),
    registerCompensations: (failed) =>
      inTransaction((trx) => register(trx, failed, registryRetryMs)),
    dueCompensations: (query) => asActivity(() => due(knex, query)),
    recordCompensations: (results) =>
      inTransaction((trx) => recordResults(trx, results, registryRetryMs)),
    findOrphans: (query) => asActivity(() => findOrphans(knex, askOwners, query)),
    adoptOrder: (orphans, newOwner) => inTransaction((trx) => adopt(trx, orphans, newOwner)),
    findOrderWork: (ages) => asActivity(() => findOrderWork(ages)),
    noteLook: (found) => asActivity(() => noteLook(knex, found)),
    noteRecovery: (kind) => asActivity(() => noteRecovery(knex, kind)),
    findUnconfirmed: (query) => asActivity(() => unconfirmed(knex, query)),
    openResolution: (request, workflowId) => inTransaction((trx) => open(trx, request, workflowId)),
    lastResolution: (orderId, owner) => inTransaction((trx) => last(trx, orderId, owner)),
    overturnDecision: (orderId, owner) => inTransaction((trx) => overturn(trx, orderId, owner)),
    closeResolution: (workflowId, refused) =>
      inTransaction((trx) => conclude(trx, workflowId, refused)),
  };
}
