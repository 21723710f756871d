import type { Knex } from 'knex';
import { queryMsMax } from '../transaction/connection';
import { deliveriesOf, eventOf } from '../../contracts/events';
import type { OrderStatus, Pattern, PlacedOrder } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import { classify, type ErrorClass } from '../transaction/errors';
import { say } from '../transaction/outbox';
import { text, texts } from '../transaction/parameters';
import { runTransaction } from '../transaction/transaction';
import { readOrders } from './content';
import { create, find, type Creation, type OrderDraft } from './creation';

export { requestHash, type CreatedOrder, type Creation, type OrderDraft } from './creation';

/**
 * The API's door to the order database: create, claim and cancel. Everything here may be
 * repeated, because callers, the API and its database all lose replies.
 */

export interface Claims {
  /** Those that are this owner's now, with all that its workflow needs. */
  claimed: PlacedOrder[];
  /** Those whose rows somebody else holds: nothing was done to them. */
  locked: string[];
}

/** What holds after a customer's cancel; `cancelling` until everything has been given back. */
export type CancelOutcome = 'cancelled' | 'cancelling' | 'completed';

export interface OrderIntake {
  /** Creates each order unless its customer has used its key, and answers in the same order. */
  createOrders(drafts: readonly OrderDraft[]): Promise<Creation[]>;
  /** What was created under this key, if anything was. */
  findCreated(
    key: Pick<OrderDraft, 'customerId' | 'idempotencyKey' | 'requestHash'>,
  ): Promise<Creation | undefined>;
  /** Makes `owner`, a workflow id, the one that drives those of these orders that nobody does. */
  claimOrders(orderIds: readonly string[], owner: string, pattern: Pattern): Promise<Claims>;
  /** Decides CANCEL unless a decision stands; undefined for an order that does not exist. */
  cancelOrder(orderId: string): Promise<CancelOutcome | undefined>;
}

/** COMMIT was sent and its reply was lost, more than once: what was asked for may be done. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('The outcome of a transaction is unknown', { cause });
  }
}

/** None of them leaves a trace, unless COMMIT was sent. */
const passing: ReadonlySet<ErrorClass> = new Set([
  'transaction-lost',
  'lock-timeout',
  'unreachable',
  'outcome-unknown',
  'server-unfit',
]);

/**
 * What an error of this module or of a service's queries means: `unavailable`, nothing was done
 * and the same may be asked again; `outcome-unknown`, it may have been done; undefined, a bug.
 */
export function databaseFault(error: unknown): 'unavailable' | 'outcome-unknown' | undefined {
  if (error instanceof OutcomeUnknown) return 'outcome-unknown';
  return passing.has(classify(error)) ? 'unavailable' : undefined;
}

/** The door, on a database opened as `order_api`. */
export function createOrderIntake(knex: Knex): OrderIntake {
  const inTransaction = <T>(work: (trx: Knex.Transaction) => Promise<T>) => decisively(knex, work);

  /** One row that is held would otherwise keep a whole batch from being created, or claimed. */
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

/** One failure speaks for all that are asked at once: then others of them may have been made. */
async function oneByOne(creations: Promise<Creation[]>[]): Promise<Creation[]> {
  const settled = await Promise.allSettled(creations);
  const failure = settled.find((one) => one.status === 'rejected');
  if (!failure) return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const made = settled.some((one) => one.status === 'fulfilled');
  throw made ? new OutcomeUnknown(failure.reason) : failure.reason;
}

/**
 * Runs a transaction that may be repeated, and tells "nothing was done" from "nobody knows": only
 * a COMMIT that was sent can have been made, however the attempts after it failed.
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

/** The primary key is forced, so that rows are locked in key order and no others are. */
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
  // Read rather than counted, so that a retry after a lost reply finds what it has claimed.
  const mine = await trx('orders')
    .where('owner', owner)
    .whereIn('order_id', orderIds)
    .timeout(queryMsMax)
    .pluck<string[]>('order_id');
  return { claimed: [...(await readOrders(trx, mine)).values()], locked: [] };
}

/**
 * No workflow drives these: the claim and the event that sets all else going are one transaction,
 * so that nothing can fall between. Their owner is their deliveries, so a repeat claims nothing
 * anew, and answers what is driven that way already.
 */
async function claimByEvents(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  pattern: Pattern,
): Promise<Claims> {
  const fresh = await trx(trx.raw('orders FORCE INDEX (PRIMARY)'))
    .whereIn('order_id', orderIds)
    .where('status', 'CREATED')
    .orderBy('order_id')
    .forUpdate()
    .timeout(queryMsMax)
    .pluck<string[]>('order_id');
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
  await say(
    trx,
    [...placed.values()].map((order) => eventOf('OrderPlaced', order.orderId, { order })),
  );
  const mine = await trx('orders')
    .whereIn('owner', orderIds.map(deliveriesOf))
    .whereIn('order_id', orderIds)
    .timeout(queryMsMax)
    .pluck<string[]>('order_id');
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
    .pluck<string[]>('order_id');
  const { claimed } = await claim(trx, free, owner, pattern);
  const freeIds = new Set(free);
  return { claimed, locked: orderIds.filter((orderId) => !freeIds.has(orderId)) };
}

/**
 * One statement, so that it cannot fall between a claim and a decision. `status` is assigned after
 * `ended_at`, because MySQL evaluates from left to right and later ones see the new value.
 */
async function cancel(trx: Knex.Transaction, orderId: string): Promise<CancelOutcome | undefined> {
  await trx
    .raw(
      `UPDATE orders SET
         decision = 'CANCEL',
         reason = 'cancelled-by-customer',
         ended_at = IF(status = 'CREATED', CURRENT_TIMESTAMP(6), ended_at),
         status = IF(status = 'CREATED', 'CANCELLED', status)
       WHERE order_id = ? AND decision IS NULL
         AND status IN ('CREATED', 'PLACING', 'PENDING')`,
      [orderId],
    )
    .timeout(queryMsMax);
  const row = (await trx('orders')
    .where('order_id', orderId)
    .first('status', 'decision')
    .timeout(queryMsMax)) as { status: OrderStatus; decision: string | null } | undefined;
  if (!row) return undefined;
  if (row.decision === 'COMPLETE') return 'completed';
  return row.status === 'CANCELLED' ? 'cancelled' : 'cancelling';
}
