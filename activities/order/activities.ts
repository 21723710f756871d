import type { Knex } from 'knex';
import type { OrderActivities } from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { runTransaction } from '../database/transaction';
import { adoptOrder, findOrphans, type AskOwners } from './adoption';
import { createOrderWork, noteLook, noteRecovery } from './recovery';
import {
  defaultFirstRetryMs,
  dueCompensations,
  recordCompensations,
  registerCompensations,
} from './compensation-queue';
import {
  closeResolution,
  lastResolution,
  openResolution,
  overturnDecision,
  findUnconfirmed,
} from './resolutions';
import {
  alertOrders,
  closeOrders,
  completeOrders,
  decideOrders,
  holdOrders,
  lockOrders,
  readDecisions,
  resolveAlerts,
} from './decision';

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
    decideOrders: (verdicts) => inTransaction((trx) => decideOrders(trx, verdicts)),
    readDecisions: (orderIds) => asActivity(() => readDecisions(knex, orderIds)),
    closeOrders: (orderIds) =>
      inTransaction(async (trx) => {
        await lockOrders(trx, orderIds);
        await closeOrders(trx, orderIds);
      }),
    completeOrders: (orderIds) => inTransaction((trx) => completeOrders(trx, orderIds)),
    alertOrders: (troubled) => inTransaction((trx) => alertOrders(trx, troubled)),
    resolveHeld: (orderIds) =>
      inTransaction((trx) => resolveAlerts(trx, orderIds, 'reservation-held')),
    holdOrders: (broken) => inTransaction((trx) => holdOrders(trx, broken)),
    registerCompensations: (failed) =>
      inTransaction((trx) => registerCompensations(trx, failed, registryRetryMs)),
    dueCompensations: (query) => asActivity(() => dueCompensations(knex, query)),
    recordCompensations: (results) =>
      inTransaction((trx) => recordCompensations(trx, results, registryRetryMs)),
    findOrphans: (query) => asActivity(() => findOrphans(knex, askOwners, query)),
    adoptOrder: (orphans, newOwner) => inTransaction((trx) => adoptOrder(trx, orphans, newOwner)),
    findOrderWork: (ages) => asActivity(() => findOrderWork(ages)),
    noteLook: (found) => asActivity(() => noteLook(knex, found)),
    noteRecovery: (kind) => asActivity(() => noteRecovery(knex, kind)),
    findUnconfirmed: (query) => asActivity(() => findUnconfirmed(knex, query)),
    openResolution: (request, workflowId) =>
      inTransaction((trx) => openResolution(trx, request, workflowId)),
    lastResolution: (orderId, owner) => inTransaction((trx) => lastResolution(trx, orderId, owner)),
    overturnDecision: (orderId, owner) =>
      inTransaction((trx) => overturnDecision(trx, orderId, owner)),
    closeResolution: (workflowId, refused) =>
      inTransaction((trx) => closeResolution(trx, workflowId, refused)),
  };
}
