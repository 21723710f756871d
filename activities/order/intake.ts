import type { Knex } from 'knex';
import { queryMsMax } from '../database/connection';
import { deliveriesOf, eventOf } from '../../contracts/events';
import type { Pattern, PlacedOrder } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import { classify, type ErrorClass } from '../database/errors';
import { emit } from '../events/outbox';
import { text, texts } from '../database/parameters';
import { byIndex } from '../database/rows';
import { runTransaction } from '../database/transaction';
import { readOrders } from './content';
import { create, find, type Creation, type OrderDraft } from './creation';

export { requestHash, type CreatedOrder, type Creation, type OrderDraft } from './creation';

/**
 * The API's writes to the order database: create, claim and cancel. Each may be repeated, because
 * callers, the API and the database lose replies.
 */

export interface Claims {
  /** The orders that the owner now has, with all that its workflow needs. */
  claimed: PlacedOrder[];
  /** The orders whose rows another session has locked. Nothing was done to them. */
  locked: string[];
}

/** The result of a customer's cancel. `cancelling` until everything was given back. */
export type CancelOutcome = 'cancelled' | 'cancelling' | 'completed';

export interface OrderIntake {
  /** Creates each order unless its customer has used the key already. Answers in the same order. */
  createOrders(drafts: readonly OrderDraft[]): Promise<Creation[]>;
  /** The order that was created with this key, if there is one. */
  findCreated(
    key: Pick<OrderDraft, 'customerId' | 'idempotencyKey' | 'requestHash'>,
  ): Promise<Creation | undefined>;
  /** Makes `owner`, a workflow id, the owner of those of these orders that have none. */
  claimOrders(orderIds: readonly string[], owner: string, pattern: Pattern): Promise<Claims>;
  /** Decides CANCEL unless the order is decided; undefined if the order does not exist. */
  cancelOrder(orderId: string): Promise<CancelOutcome | undefined>;
}

/** COMMIT was sent and its reply lost, more than once: the transaction may have committed. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('The outcome of a transaction is unknown', { cause });
  }
}

/** Errors that leave no effect, unless COMMIT was sent. */
const passing: ReadonlySet<ErrorClass> = new Set([
  'transaction-lost',
  'lock-timeout',
  'unreachable',
  'outcome-unknown',
  'server-unfit',
]);

/**
 * The meaning of an error of this module or of a service's queries. `unavailable`: nothing was
 * done, and the call may be repeated. `outcome-unknown`: it may have been done. Undefined: a bug.
 */
export function databaseFault(error: unknown): 'unavailable' | 'outcome-unknown' | undefined {
  if (error instanceof OutcomeUnknown) return 'outcome-unknown';
  return passing.has(classify(error)) ? 'unavailable' : undefined;
}

/** Creates the intake on a database opened as `order_api`. */
export function createOrderIntake(knex: Knex): OrderIntake {
  const inTransaction = <T>(work: (trx: Knex.Transaction) => Promise<T>) => decisively(knex, work);

  /** Runs locked orders one by one; otherwise one locked row would block the whole batch. */
  const createOrders = async (drafts: readonly OrderDraft[]): Promise<Creation[]> => {
    try {
      return await inTransaction((trx) => create(trx, drafts));
    } catch (error) {
      if (classify(error) !== 'lock-timeout') throw error;
      if (drafts.length === 1) return [{ kind: 'locked' }];
      return oneByOne(drafts.map((draft) => createOrders([draft])));
    }
  };

  return {
    createOrders,
    findCreated: (key) => find(knex, key),
    async claimOrders(orderIds, owner, pattern) {
      const wanted = [...new Set(texts(orderIds))].sort();
      try {
        return await inTransaction((trx) => claim(trx, wanted, text(owner), pattern));
      } catch (error) {
        if (classify(error) !== 'lock-timeout') throw error;
        return inTransaction((trx) => claimUnlocked(trx, wanted, owner, pattern));
      }
    },
    cancelOrder: (orderId) => inTransaction((trx) => cancel(trx, text(orderId))),
  };
}

/** If one creation fails, all are reported as failed, though others may have succeeded. */
async function oneByOne(creations: Promise<Creation[]>[]): Promise<Creation[]> {
  const settled = await Promise.allSettled(creations);
  const failure = settled.find((one) => one.status === 'rejected');
  if (!failure) return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const made = settled.some((one) => one.status === 'fulfilled');
  throw made ? new OutcomeUnknown(failure.reason) : failure.reason;
}

/**
 * Runs a repeatable transaction, and distinguishes "nothing was done" from "outcome unknown". Once
 * an attempt has sent COMMIT, the outcome is unknown, however later attempts fail.
 */
async function decisively<T>(knex: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  const commit = { wasSent: false };
  try {
    return await runTransaction(knex, async (trx) => {
      const result = await work(trx);
      commit.wasSent = true;
      return result;
    });
  } catch (error) {
    throw commit.wasSent ? new OutcomeUnknown(error) : error;
  }
}

/** Forces the primary key, so rows are locked in key order and no others are. */
async function claim(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  owner: string,
  pattern: Pattern,
): Promise<Claims> {
  if (orderIds.length === 0) return { claimed: [], locked: [] };
  if (patternRows[pattern].begins === 'by-event') return claimByEvents(trx, orderIds, pattern);
  await trx
    .raw(
      `UPDATE orders FORCE INDEX (PRIMARY)
       SET status = 'PLACING', owner = ?, pattern = ?, owned_at = CURRENT_TIMESTAMP(6)
       WHERE order_id IN (${orderIds.map(() => '?').join(', ')}) AND status = 'CREATED'`,
      [owner, pattern, ...orderIds],
    )
    .timeout(queryMsMax);
  // Reads the rows instead of counting updates, so a retry after a lost reply finds what it
  // claimed.
  const mine = await trx('orders')
    .where('owner', owner)
    .whereIn('order_id', orderIds)
    .timeout(queryMsMax)
    .pluck('order_id');
  return { claimed: [...(await readOrders(trx, mine)).values()], locked: [] };
}

/**
 * Claims orders that no workflow drives. The claim and the first event are one transaction, so a
 * crash cannot separate them. The order's deliveries are its owner, so a repeat claims nothing new
 * and answers the orders that are driven already.
 */
async function claimByEvents(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  pattern: Pattern,
): Promise<Claims> {
  const fresh = await byIndex(trx, 'orders')
    .whereIn('order_id', orderIds)
    .where('status', 'CREATED')
    .orderBy('order_id')
    .forUpdate()
    .timeout(queryMsMax)
    .pluck('order_id');
  await trx('orders')
    .whereIn('order_id', fresh)
    .update({
      status: 'PLACING',
      pattern,
      owner: trx.raw('CONCAT(?, order_id)', [deliveriesOf('')]),
      owned_at: trx.fn.now(6),
    })
    .timeout(queryMsMax);
  const placed = await readOrders(trx, fresh);
  await emit(
    trx,
    [...placed.values()].map((order) => eventOf('OrderPlaced', order.orderId, { order })),
  );
  const mine = await trx('orders')
    .whereIn('owner', orderIds.map(deliveriesOf))
    .whereIn('order_id', orderIds)
    .timeout(queryMsMax)
    .pluck('order_id');
  return { claimed: [...(await readOrders(trx, mine)).values()], locked: [] };
}

async function claimUnlocked(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  owner: string,
  pattern: Pattern,
): Promise<Claims> {
  const free = await trx('orders')
    .whereIn('order_id', orderIds)
    .orderBy('order_id')
    .forUpdate()
    .skipLocked()
    .timeout(queryMsMax)
    .pluck('order_id');
  const { claimed } = await claim(trx, free, owner, pattern);
  const freeIds = new Set(free);
  return { claimed, locked: orderIds.filter((orderId) => !freeIds.has(orderId)) };
}

/**
 * One statement, so no claim or decision can come in between. It assigns `status` after `ended_at`,
 * because MySQL evaluates from left to right and later assignments see the new value.
 */
async function cancel(trx: Knex.Transaction, orderId: string): Promise<CancelOutcome | undefined> {
  await trx
    .raw(
      `UPDATE orders SET
         decision = 'CANCEL',
         reason = 'cancelled-by-customer',
         waits_for = NULL,
         ended_at = IF(status = 'CREATED', CURRENT_TIMESTAMP(6), ended_at),
         status = IF(status = 'CREATED', 'CANCELLED', status)
       WHERE order_id = ? AND decision IS NULL
         AND status IN ('CREATED', 'PLACING', 'PENDING')`,
      [orderId],
    )
    .timeout(queryMsMax);
  const row = await trx('orders')
    .where('order_id', orderId)
    .first('status', 'decision')
    .timeout(queryMsMax);
  if (!row) return undefined;
  if (row.decision === 'COMPLETE') return 'completed';
  return row.status === 'CANCELLED' ? 'cancelled' : 'cancelling';
}
