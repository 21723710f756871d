import type { Knex } from 'knex';
import type { OrderStatus, Pattern, PlacedOrder } from '../../contracts/order';
import type {
  AgedQuery,
  Resolution,
  ResolutionOutcome,
  ResolutionRequest,
} from '../../contracts/reservations';
import { readOrders } from './content';
import { lockOrders } from './steps';

/**
 * How PENDING orders are resolved: by an operator, whose every action is put on record, and by the
 * schedules of TCC. An operator's resolution owns its order like any workflow that drives one, so
 * that a newer owner shuts it out, and adoption finds the order when its workflow is gone.
 */

/** Orders whose alert `confirmation-failing` has been open for so long, however young their owner. */
export async function unconfirmed(
  knex: Knex,
  { olderThanMs, afterOrder, limit }: AgedQuery,
): Promise<PlacedOrder[]> {
  const ids = await knex('orders')
    .join('alerts', 'alerts.order_id', 'orders.order_id')
    .where({ 'orders.status': 'PENDING', decision: 'COMPLETE', kind: 'confirmation-failing' })
    .whereNull('resolved_at')
    .where('raised_at', '<', knex.raw('NOW(6) - INTERVAL ? MICROSECOND', [olderThanMs * 1_000]))
    .where('orders.order_id', '>', afterOrder)
    .orderBy('orders.order_id')
    .limit(limit)
    .pluck<string[]>('orders.order_id');
  return [...(await readOrders(knex, ids)).values()];
}

interface Recorded {
  resolution_id: number;
  pattern: Pattern;
}

/**
 * Puts a resolution on record and takes the order over, in one transaction: whoever owns the order
 * knows that no newer resolution has begun. Repeated, it answers the same.
 */
export async function open(
  trx: Knex.Transaction,
  { orderId, action, reason, operator }: ResolutionRequest,
  workflowId: string,
): Promise<Resolution | null> {
  const row = (await lockOrders(trx, [orderId])).get(orderId);
  if (!row) return null;
  await trx('resolutions')
    .insert({ workflow_id: workflowId, order_id: orderId, operator, action, reason })
    .onConflict('workflow_id')
    .merge({ workflow_id: workflowId });
  if (row.status !== 'PENDING') {
    await end(trx, workflowId, 'not-pending');
    return null;
  }
  await trx('orders')
    .where('order_id', orderId)
    .update({ owner: workflowId, owned_at: trx.fn.now(6) });
  const order = (await readOrders(trx, [orderId])).get(orderId);
  const recorded = await trx('resolutions')
    .join('orders', 'orders.order_id', 'resolutions.order_id')
    .where('workflow_id', workflowId)
    .first<Recorded | undefined>('resolution_id', 'pattern');
  if (!order || !recorded) throw new Error(`The resolution of order ${orderId} is gone`);
  return { number: recorded.resolution_id, order: { ...order, pattern: recorded.pattern } };
}

/** The newest resolution of an order, for its owner: who is not cannot know of the newest. */
export async function last(
  trx: Knex.Transaction,
  orderId: string,
  owner: string,
): Promise<number | null> {
  const row = await trx('orders')
    .where('order_id', orderId)
    .forUpdate()
    .first<{ owner: string | null } | undefined>('owner');
  if (row?.owner !== owner) return null;
  const [newest] = await trx('resolutions')
    .where('order_id', orderId)
    .max<{ number: number | null }[]>({ number: 'resolution_id' });
  return newest?.number ?? 0;
}

/**
 * The one change that a decision may ever have. It is guarded by the owner: an older resolution,
 * which a newer owner may have thawed, cannot make it any more.
 */
export async function overturn(
  trx: Knex.Transaction,
  orderId: string,
  owner: string,
): Promise<boolean> {
  await trx('orders')
    .where({ order_id: orderId, owner, pattern: 'tcc', status: 'PENDING', decision: 'COMPLETE' })
    .update({ decision: 'CANCEL', reason: 'cancelled-by-operator' });
  const row: unknown = await trx('orders')
    .where({ order_id: orderId, owner, decision: 'CANCEL' })
    .first('order_id');
  return row !== undefined;
}

/** What came of a resolution is what the order's row then says, unless it was refused. */
export async function conclude(
  trx: Knex.Transaction,
  workflowId: string,
  refused: 'unsafe' | undefined,
): Promise<ResolutionOutcome> {
  const row = await trx('resolutions')
    .join('orders', 'orders.order_id', 'resolutions.order_id')
    .where('workflow_id', workflowId)
    .first<{ status: OrderStatus } | undefined>('status');
  if (!row) throw new Error(`There is no resolution ${workflowId}`);
  const reached = { COMPLETED: 'completed', CANCELLED: 'cancelled' } as const;
  const ended = row.status === 'COMPLETED' || row.status === 'CANCELLED' ? row.status : undefined;
  const outcome = refused ?? (ended ? reached[ended] : 'pending');
  await end(trx, workflowId, outcome);
  return outcome;
}

async function end(
  trx: Knex.Transaction,
  workflowId: string,
  outcome: ResolutionOutcome,
): Promise<void> {
  await trx('resolutions')
    .where('workflow_id', workflowId)
    .whereNull('outcome')
    .update({ outcome, ended_at: trx.fn.now(6) });
}
