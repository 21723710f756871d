import type { Knex } from 'knex';
import { alertKinds, type AlertKind } from '../../contracts/alerts';
import type {
  BrokenOrder,
  Decided,
  StandingDecision,
  TroubledOrder,
  DecisionRequest,
} from '../../contracts/steps';
import { byIndex } from '../database/rows';
import type { Row } from '../database/tables';
import { endResolutions } from './ended-resolutions';
import { putAside } from './waits';

/**
 * The order service's side of placing: the decision (the first writer wins) and its consequences.
 * None of these uses the barrier, because each is a guarded write that may be repeated.
 */

type OrderRow = Pick<Row<'orders'>, 'order_id' | 'status' | 'decision'>;

/**
 * Locks these orders in key order, so two batches cannot deadlock. Forces the primary key:
 * otherwise MySQL might scan a small table and wait for other orders.
 *
 * @param step named in the statement, and so in the server's process list
 */
export async function lockOrders(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  step?: string,
): Promise<Map<string, OrderRow>> {
  const rows = orderRows(trx, orderIds).forUpdate();
  return byId(await (step === undefined ? rows : rows.comment(step)));
}

/** The same without waiting. Leaves out orders whose rows another session has locked. */
export async function lockFreeOrders(
  trx: Knex.Transaction,
  orderIds: readonly string[],
): Promise<Map<string, OrderRow>> {
  return byId(await orderRows(trx, orderIds).forUpdate().skipLocked());
}

function orderRows(trx: Knex.Transaction, orderIds: readonly string[]) {
  return byIndex(trx, 'orders')
    .select('order_id', 'status', 'decision')
    .whereIn('order_id', [...orderIds].sort())
    .orderBy('order_id');
}

function byId(rows: OrderRow[]): Map<string, OrderRow> {
  return new Map(rows.map((row) => [row.order_id, row]));
}

/**
 * Writes each verdict unless the order is decided, and answers the decisions. If all effects exist
 * already, one statement writes COMPLETE and the status, so an order of the saga is never "decided
 * but not completed". An unknown order has no row to update; it raises an alert, and the other
 * orders are decided.
 */
export async function decideOrders(
  trx: Knex.Transaction,
  verdicts: DecisionRequest[],
): Promise<Decided[]> {
  const rows = await lockOrders(
    trx,
    verdicts.map(({ orderId }) => orderId),
  );
  const undecided = verdicts.filter(({ orderId }) => rows.get(orderId)?.decision === null);
  const complete = undecided.filter(({ decision }) => decision === 'COMPLETE');
  const atOnce = complete.filter(({ effectsFollow }) => !effectsFollow);
  const later = complete.filter(({ effectsFollow }) => effectsFollow);
  await writeComplete(trx, atOnce, { status: 'COMPLETED', ended_at: trx.fn.now(6) });
  await writeComplete(trx, later, {});
  // Only an order that waited for an operator can have an alert. Its step has succeeded since.
  const held = complete.filter(({ orderId }) => rows.get(orderId)?.status === 'PENDING');
  await resolveAlerts(trx, orderIdsOf(held));
  const ended = held.filter(({ effectsFollow }) => !effectsFollow);
  await endResolutions(trx, orderIdsOf(ended), 'completed');
  const cancel = undecided.filter(({ decision }) => decision === 'CANCEL');
  for (const [reason, group] of groupBy(cancel, (verdict) => verdict.reason ?? 'unavailable')) {
    await trx('orders')
      .whereIn('order_id', orderIdsOf(group))
      .whereNull('decision')
      .update({ decision: 'CANCEL', reason, waits_for: null });
  }
  const decisions = verdicts.map(({ orderId, decision }): Decided => {
    const row = rows.get(orderId);
    return row ? (row.decision ?? decision) : 'unknown';
  });
  await raiseAlerts(
    trx,
    'broken-step',
    verdicts
      .filter(({ orderId }) => !rows.has(orderId))
      .map(({ orderId }) => ({ orderId, detail: 'decideOrders: unknown-order' })),
  );
  const nothingTaken = verdicts.filter(
    (verdict, i) => decisions[i] === 'CANCEL' && verdict.nothingTaken,
  );
  await closeOrders(trx, orderIdsOf(nothingTaken));
  return decisions;
}

/** The orders' decisions, in the same order. */
export async function readDecisions(
  knex: Knex,
  orderIds: readonly string[],
): Promise<StandingDecision[]> {
  const rows = await knex('orders').select('order_id', 'decision').whereIn('order_id', orderIds);
  const decisions = new Map<string, StandingDecision>(
    rows.map((row) => [row.order_id, row.decision ?? 'undecided']),
  );
  return orderIds.map((orderId) => decisions.get(orderId) ?? 'unknown');
}

async function writeComplete(
  trx: Knex.Transaction,
  verdicts: readonly DecisionRequest[],
  ending: object,
): Promise<void> {
  if (verdicts.length === 0) return;
  await trx('orders')
    .whereIn('order_id', orderIdsOf(verdicts))
    .whereNull('decision')
    .update({ decision: 'COMPLETE', waits_for: null, ...ending });
}

/** Ends COMPLETE orders whose effects have all been made, and resolves their alerts. */
export async function completeOrders(trx: Knex.Transaction, orderIds: string[]): Promise<void> {
  await lockOrders(trx, orderIds);
  await trx('orders')
    .whereIn('order_id', orderIds)
    .where('decision', 'COMPLETE')
    .whereIn('status', ['PLACING', 'PENDING'])
    .update({ status: 'COMPLETED', waits_for: null, ended_at: trx.fn.now(6) });
  const ended = await trx('orders')
    .whereIn('order_id', orderIds)
    .where('status', 'COMPLETED')
    .pluck('order_id');
  await resolveAlerts(trx, ended);
  await endResolutions(trx, ended, 'completed');
}

/**
 * Ends CANCEL orders that have no open compensation, and resolves their alerts. The caller must
 * have locked the orders' rows in an earlier statement. A single statement that waits for a row
 * would use a registry read from before the wait, and miss rows registered since.
 */
export async function closeOrders(trx: Knex.Transaction, orderIds: string[]): Promise<void> {
  if (orderIds.length === 0) return;
  await trx('orders')
    .whereIn('order_id', orderIds)
    .where('decision', 'CANCEL')
    .whereIn('status', ['PLACING', 'PENDING'])
    .whereNotExists(
      trx('compensations')
        .select(trx.raw('1'))
        .whereRaw('compensations.order_id = orders.order_id')
        .where('compensations.status', 'PENDING'),
    )
    .update({ status: 'CANCELLED', waits_for: null, ended_at: trx.fn.now(6) });
  const ended = await trx('orders')
    .whereIn('order_id', orderIds)
    .where('status', 'CANCELLED')
    .pluck('order_id');
  await resolveAlerts(trx, ended);
  await endResolutions(trx, ended, 'cancelled');
}

/**
 * Forces the order's index: otherwise MySQL might scan a small table and lock other orders' alerts.
 */
export async function resolveAlerts(
  trx: Knex.Transaction,
  orderIds: string[],
  kind?: AlertKind,
): Promise<void> {
  if (orderIds.length === 0) return;
  const open = byIndex(trx, 'alerts', 'alerts_order_kind')
    .whereIn('order_id', orderIds)
    .whereNull('resolved_at');
  if (kind !== undefined) void open.where('kind', kind);
  await open.update({ resolved_at: trx.fn.now(6) });
}

/** Sets orders with a broken step to PENDING, as `alertAll` does. */
export function holdOrders(trx: Knex.Transaction, broken: BrokenOrder[]): Promise<void> {
  return alertOrders(
    trx,
    broken.map(({ orderId, step, code, detail }) => ({
      orderId,
      kind: 'broken-step',
      detail: `${step}: ${code}${detail === undefined ? '' : `, ${detail}`}`,
    })),
  );
}

/**
 * Sets orders to PENDING unless they have ended, and raises an alert for each. An unknown order has
 * no row to update; its alert is raised anyway.
 */
export async function alertOrders(trx: Knex.Transaction, troubled: TroubledOrder[]): Promise<void> {
  const rows = await lockOrders(trx, orderIdsOf(troubled));
  const open = troubled.filter(({ orderId }) => isOpen(rows.get(orderId)));
  const missing = troubled.filter(({ orderId }) => !rows.has(orderId));
  for (const [kind, group] of groupBy([...open, ...missing], (one) => one.kind)) {
    await raiseAlerts(trx, kind, group);
  }
  await putAside(trx, orderIdsOf(open));
}

/** Raises one alert per order, or reopens it. `detail` is what an operator reads first. */
export async function raiseAlerts(
  trx: Knex.Transaction,
  kind: AlertKind,
  alerts: { orderId: string; detail: string }[],
): Promise<void> {
  if (alerts.length === 0) return;
  await trx('alerts')
    .insert(
      alerts.map(({ orderId, detail }) => ({
        kind,
        order_id: orderId,
        runbook: alertKinds[kind],
        detail: detail.slice(0, 512),
      })),
    )
    .onConflict(['order_id', 'kind'])
    .merge({ detail: trx.raw('VALUES(detail)'), resolved_at: null });
}

export function isOpen(row: OrderRow | undefined): boolean {
  return row?.status === 'PLACING' || row?.status === 'PENDING';
}

function orderIdsOf(items: readonly { orderId: string }[]): string[] {
  return items.map(({ orderId }) => orderId);
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
