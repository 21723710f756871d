import type { Knex } from 'knex';
import { alertKinds, type AlertKind } from '../../contracts/alerts';
import type { Decision, OrderStatus } from '../../contracts/order';
import type { BrokenOrder, Verdict } from '../../contracts/steps';

/**
 * The order service's side of placing: the decision, first writer wins, and what follows from it.
 * None of these is a barrier step, because each is a guarded write that may be repeated.
 */

interface OrderRow {
  order_id: string;
  status: OrderStatus;
  decision: Decision | null;
}

/**
 * Locks these orders, in key order so that two batches cannot deadlock. The primary key is forced,
 * or a batch that is much of a small table would wait for orders that are not in it.
 */
export async function lockOrders(
  trx: Knex.Transaction,
  orderIds: readonly string[],
): Promise<Map<string, OrderRow>> {
  const rows = (await trx(trx.raw('orders FORCE INDEX (PRIMARY)'))
    .select('order_id', 'status', 'decision')
    .whereIn('order_id', [...orderIds].sort())
    .orderBy('order_id')
    .forUpdate()) as OrderRow[];
  return new Map(rows.map((row) => [row.order_id, row]));
}

/**
 * Writes each verdict where no decision stands, and answers what holds. COMPLETE and the status
 * are one statement, so that no saga's order is ever "decided but not yet completed".
 */
export async function decide(trx: Knex.Transaction, verdicts: Verdict[]): Promise<Decision[]> {
  const rows = await lockOrders(
    trx,
    verdicts.map(({ orderId }) => orderId),
  );
  const undecided = verdicts.filter(({ orderId }) => !decisionIn(rows, orderId));
  const complete = undecided.filter(({ decision }) => decision === 'COMPLETE');
  if (complete.length > 0) {
    await trx('orders')
      .whereIn('order_id', orderIdsOf(complete))
      .whereNull('decision')
      .update({ decision: 'COMPLETE', status: 'COMPLETED', ended_at: trx.fn.now(6) });
  }
  // Only an order that waited for an operator can have an alert that ends with it.
  const held = complete.filter(({ orderId }) => rows.get(orderId)?.status === 'PENDING');
  await resolveAlerts(trx, orderIdsOf(held));
  const cancel = undecided.filter(({ decision }) => decision === 'CANCEL');
  for (const [reason, group] of groupBy(cancel, (verdict) => verdict.reason ?? 'unavailable')) {
    await trx('orders')
      .whereIn('order_id', orderIdsOf(group))
      .whereNull('decision')
      .update({ decision: 'CANCEL', reason });
  }
  const decisions = verdicts.map(({ orderId, decision }) => decisionIn(rows, orderId) ?? decision);
  const nothingTaken = verdicts.filter(
    (verdict, i) => decisions[i] === 'CANCEL' && verdict.nothingTaken,
  );
  await close(trx, orderIdsOf(nothingTaken));
  return decisions;
}

/**
 * Ends orders that are decided CANCEL and owe no compensation any more, and their alerts. The
 * caller holds their rows' locks, from a statement before: one statement that waited for a row
 * would judge it by a registry read before the wait, and miss what was registered meanwhile.
 */
export async function close(trx: Knex.Transaction, orderIds: string[]): Promise<void> {
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
    .update({ status: 'CANCELLED', ended_at: trx.fn.now(6) });
  const ended = await trx('orders')
    .whereIn('order_id', orderIds)
    .where('status', 'CANCELLED')
    .pluck<string[]>('order_id');
  await resolveAlerts(trx, ended);
}

/** By the order's key: the optimizer would read a small table whole, and lock others' alerts. */
async function resolveAlerts(trx: Knex.Transaction, orderIds: string[]): Promise<void> {
  if (orderIds.length === 0) return;
  await trx(trx.raw('alerts FORCE INDEX (alerts_order_kind)'))
    .whereIn('order_id', orderIds)
    .whereNull('resolved_at')
    .update({ resolved_at: trx.fn.now(6) });
}

/** Puts orders with a broken step aside, PENDING, unless they have ended. */
export async function hold(trx: Knex.Transaction, broken: BrokenOrder[]): Promise<void> {
  const rows = await lockOrders(trx, orderIdsOf(broken));
  const open = broken.filter(({ orderId }) => isOpen(rows.get(orderId)));
  await setPending(trx, orderIdsOf(open));
  await raiseAlerts(
    trx,
    'broken-step',
    open.map(({ orderId, step, code, detail }) => ({
      orderId,
      detail: `${step}: ${code}${detail === undefined ? '' : `, ${detail}`}`,
    })),
  );
}

/** PENDING is what an order is while it waits for somebody or something. */
export async function setPending(trx: Knex.Transaction, orderIds: string[]): Promise<void> {
  await trx('orders')
    .whereIn('order_id', orderIds)
    .where('status', 'PLACING')
    .update({ status: 'PENDING' });
}

/** Raises an alert an order, or raises it again; `detail` is what an operator reads first. */
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

function decisionIn(rows: Map<string, OrderRow>, orderId: string): Decision | null {
  const row = rows.get(orderId);
  if (!row) throw new Error(`Order ${orderId} does not exist`);
  return row.decision;
}

function orderIdsOf(items: readonly { orderId: string }[]): string[] {
  return items.map(({ orderId }) => orderId);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
