import type { Knex } from 'knex';
import { patterns, type Pattern, type PlacedOrder } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import type {
  AgedQuery,
  Resolution,
  ResolutionOutcome,
  ResolutionRequest,
} from '../../contracts/reservations';
import type { Row } from '../database/tables';
import { readOrders } from './content';
import { endResolutions } from './ended-resolutions';
import { lockOrders } from './decision';
import { putAside } from './waits';

/**
 * Resolves PENDING orders: by operators, whose resolutions are recorded, and by TCC's recovery. An
 * operator's resolution owns its order like any workflow that drives one. A newer owner therefore
 * shuts it out, and adoption finds the order if the resolution's workflow is gone.
 */

/**
 * Orders whose alert `confirmation-failing` has been open for this long, whatever their owner's
 * age.
 */
export async function findUnconfirmed(
  knex: Knex,
  { olderThanMs, afterOrder, limit }: AgedQuery,
): Promise<PlacedOrder[]> {
  const ids = await knex('orders')
    .join('alerts', 'alerts.order_id', 'orders.order_id')
    .where({ status: 'PENDING', decision: 'COMPLETE', kind: 'confirmation-failing' })
    .whereNull('resolved_at')
    .where('raised_at', '<', knex.raw('NOW(6) - INTERVAL ? MICROSECOND', [olderThanMs * 1_000]))
    .where('orders.order_id', '>', afterOrder)
    .orderBy('orders.order_id')
    .limit(limit)
    .pluck<string[]>('orders.order_id');
  return [...(await readOrders(knex, ids)).values()];
}

type Recorded = Pick<Row<'resolutions'>, 'resolution_id' | 'outcome'>;

/**
 * Records a resolution and takes the order over, in one transaction, so the order's owner knows
 * that no newer resolution has begun. A repeat answers the same and does not take the order again:
 * a late attempt would take it from a newer owner.
 */
export async function openResolution(
  trx: Knex.Transaction,
  { orderId, action, reason, operator }: ResolutionRequest,
  workflowId: string,
): Promise<Resolution | null> {
  const row = (await lockOrders(trx, [orderId])).get(orderId);
  if (!row) return null;
  const before = await recorded(trx, workflowId);
  if (before) return before.outcome === null ? resolutionOf(trx, orderId, before) : null;
  const placed = await placement(trx, orderId);
  // The API opens no resolution beside an open one, so an open record belongs to a terminated
  // workflow.
  await endResolutions(trx, [orderId], 'pending');
  await trx('resolutions').insert({
    workflow_id: workflowId,
    order_id: orderId,
    owner_before: placed.owner,
    operator,
    action,
    reason,
  });
  if (row.status !== 'PENDING') {
    await end(trx, workflowId, 'not-pending');
    return null;
  }
  await trx('orders')
    .where('order_id', orderId)
    .update({ owner: workflowId, owned_at: trx.fn.now(6), waits_for: null });
  return resolutionOf(trx, orderId, await recorded(trx, workflowId));
}

function recorded(trx: Knex.Transaction, workflowId: string): Promise<Recorded | undefined> {
  return trx('resolutions').where('workflow_id', workflowId).first('resolution_id', 'outcome');
}

async function resolutionOf(
  trx: Knex.Transaction,
  orderId: string,
  one: Recorded | undefined,
): Promise<Resolution> {
  const order = (await readOrders(trx, [orderId])).get(orderId);
  const { pattern } = await placement(trx, orderId);
  if (!order || !one) throw new Error(`The resolution of order ${orderId} does not exist`);
  return { number: one.resolution_id, order: { ...order, pattern } };
}

/** Both are null for an unclaimed order. */
interface Placement {
  pattern: Pattern;
  owner: string | null;
}

/** The order's owner and pattern. */
async function placement(trx: Knex.Transaction, orderId: string): Promise<Placement> {
  const row = await trx('orders')
    .where('order_id', orderId)
    .first<Placement | undefined>('pattern', 'owner');
  if (!row) throw new Error(`Order ${orderId} does not exist`);
  return row;
}

/** The order's latest resolution number, or null if `owner` no longer owns the order. */
export async function lastResolution(
  trx: Knex.Transaction,
  orderId: string,
  owner: string,
): Promise<number | null> {
  const row = await trx('orders').where('order_id', orderId).forUpdate().first('owner');
  if (row?.owner !== owner) return null;
  const [newest] = await trx('resolutions')
    .where('order_id', orderId)
    .max<{ number: number | null }[]>({ number: 'resolution_id' });
  return newest?.number ?? 0;
}

/**
 * The only change that a decision may have. Only the newest open resolution may make it, and only
 * while it owns the order: a newer owner may have thawed an older one's freeze. Returns true
 * whenever CANCEL holds, even if an earlier attempt wrote it and its reply was lost, so the caller
 * never thaws a cancelled order.
 */
export async function overturnDecision(
  trx: Knex.Transaction,
  orderId: string,
  owner: string,
): Promise<boolean> {
  await trx('orders')
    .where({ order_id: orderId, owner, status: 'PENDING', decision: 'COMPLETE' })
    .whereIn('pattern', overturnable)
    .where('owner', 'in', newestUnderWay(trx, orderId))
    .update({ decision: 'CANCEL', reason: 'cancelled-by-operator', waits_for: null });
  const row: unknown = await trx('orders')
    .where({ order_id: orderId, decision: 'CANCEL' })
    .first('order_id');
  return row !== undefined;
}

const overturnable = patterns.filter((pattern) => patternRows[pattern].mayBeOverturned);

/** The order's newest resolution if it has not ended. */
function newestUnderWay(trx: Knex.Transaction, orderId: string): Knex.QueryBuilder {
  return trx('resolutions')
    .select('workflow_id')
    .where('order_id', orderId)
    .whereNull('outcome')
    .where('resolution_id', trx('resolutions').max('resolution_id').where('order_id', orderId));
}

/**
 * Records a resolution's outcome, which is the order's status. If the resolution was refused, it
 * changed nothing, and the order goes back to its previous owner. An order that is still PENDING
 * waits again for what its alerts say.
 */
export async function closeResolution(
  trx: Knex.Transaction,
  workflowId: string,
  refused: 'unsafe' | undefined,
): Promise<ResolutionOutcome> {
  const resolution = await trx('resolutions').where('workflow_id', workflowId).first('order_id');
  const orderId = resolution?.order_id ?? '';
  const row = (await lockOrders(trx, [orderId])).get(orderId);
  if (!row) throw new Error(`The resolution ${workflowId} does not exist`);
  const reached = { COMPLETED: 'completed', CANCELLED: 'cancelled' } as const;
  const ended = row.status === 'COMPLETED' || row.status === 'CANCELLED' ? row.status : undefined;
  const outcome = refused ?? (ended ? reached[ended] : 'pending');
  // A newer owner drives the order on, so that it waits for nothing.
  const mine: unknown = await trx('orders')
    .where({ order_id: orderId, owner: workflowId, status: 'PENDING' })
    .first('order_id');
  if (refused) await handBack(trx, workflowId);
  await end(trx, workflowId, outcome);
  if (mine !== undefined) await putAside(trx, [orderId]);
  return outcome;
}

/** The resolution's own outcome replaces any recorded for it before. */
async function end(
  trx: Knex.Transaction,
  workflowId: string,
  outcome: ResolutionOutcome,
): Promise<void> {
  await trx('resolutions')
    .where('workflow_id', workflowId)
    .update({ outcome, ended_at: trx.fn.now(6) });
}

/** Only once, and never from a newer owner. */
async function handBack(trx: Knex.Transaction, workflowId: string): Promise<void> {
  const resolution = await trx('resolutions')
    .where('workflow_id', workflowId)
    .whereNull('outcome')
    .first('order_id', 'owner_before');
  if (!resolution) return;
  await trx('orders')
    .where({ order_id: resolution.order_id, owner: workflowId })
    .update({ owner: resolution.owner_before, owned_at: trx.fn.now(6) });
}
