import type { Knex } from 'knex';
import type { AlertKind } from '../../contracts/alerts';
import { waits, type Wait } from '../../contracts/waits';
import { byIndex } from '../database/rows';

/**
 * Puts orders that have not ended aside: PENDING, with what each waits for, as its open alerts and
 * its registry rows say. The caller has locked the orders' rows in a statement before and has
 * written the alerts, because a statement that waits for a row reads the others as they were before
 * the wait.
 */
export async function putAside(trx: Knex.Transaction, orderIds: readonly string[]): Promise<void> {
  if (orderIds.length === 0) return;
  await byIndex(trx, 'orders')
    .whereIn('order_id', orderIds)
    .whereIn('status', ['PLACING', 'PENDING'])
    .update({ status: 'PENDING', waits_for: trx.raw(waitNow) });
}

/**
 * A broken step waits for an operator, unless the order is to CANCEL: adoption tries the rest of
 * the cancellation again. A failing confirmation of an order whose decision was overturned is over.
 */
const conditions: Record<Wait, string> = {
  operator: `${alerted('heuristic-outcome')}
    OR (NOT decision <=> 'CANCEL' AND ${alerted('broken-step')})`,
  branch: alerted('branch-in-doubt'),
  event: alerted('event-parked'),
  confirmation: `decision <=> 'COMPLETE' AND ${alerted('confirmation-failing')}`,
  compensation: `EXISTS (SELECT 1 FROM compensations
    WHERE compensations.order_id = orders.order_id AND compensations.status = 'PENDING')`,
  cancellation: `decision <=> 'CANCEL'
    AND (${alerted('cancellation-failing')} OR ${alerted('broken-step')})`,
};

/**
 * An order that a resolution drives waits for nothing, whatever an earlier owner or a schedule tells
 * of it. If the resolution's workflow dies, with reservations frozen perhaps, only adoption can go
 * on, and adoption takes no order that waits for something else.
 */
const isResolved = `EXISTS (SELECT 1 FROM resolutions
  WHERE resolutions.workflow_id = orders.owner AND resolutions.outcome IS NULL)`;

const waitNow = `CASE WHEN ${isResolved} THEN NULL ${waits
  .map((wait) => `WHEN ${conditions[wait]} THEN '${wait}'`)
  .join(' ')} END`;

function alerted(kind: AlertKind): string {
  return `EXISTS (SELECT 1 FROM alerts WHERE alerts.order_id = orders.order_id
    AND alerts.kind = '${kind}' AND alerts.resolved_at IS NULL)`;
}
