import type { Knex } from 'knex';

/**
 * What a PENDING order waits for, so that adoption, operators and the auditor read it instead of
 * deriving it. Old rows are filled in by their open alerts and registry rows; one that an
 * operator's resolution owns is being driven, and stays NULL.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE orders
      ADD COLUMN waits_for VARCHAR(16) NULL AFTER reason,
      ADD CONSTRAINT orders_waits_for_known CHECK (waits_for IN
        ('operator', 'branch', 'event', 'confirmation', 'compensation', 'cancellation')),
      ADD CONSTRAINT orders_pending_waits CHECK (waits_for IS NULL OR status = 'PENDING'),
      DROP KEY orders_unfinished,
      ADD KEY orders_unfinished (status, waits_for, owner, owned_at)`);
  await knex.raw(`
    UPDATE orders SET waits_for = CASE
      WHEN ${alerted('heuristic-outcome')}
        OR (NOT decision <=> 'CANCEL' AND ${alerted('broken-step')}) THEN 'operator'
      WHEN ${alerted('branch-in-doubt')} THEN 'branch'
      WHEN ${alerted('event-parked')} THEN 'event'
      WHEN decision <=> 'COMPLETE' AND ${alerted('confirmation-failing')} THEN 'confirmation'
      WHEN EXISTS (SELECT 1 FROM compensations WHERE compensations.order_id = orders.order_id
        AND compensations.status = 'PENDING') THEN 'compensation'
      WHEN decision <=> 'CANCEL' AND (${alerted('cancellation-failing')}
        OR ${alerted('broken-step')}) THEN 'cancellation'
    END
    WHERE status = 'PENDING' AND NOT EXISTS (SELECT 1 FROM resolutions
      WHERE resolutions.workflow_id = orders.owner AND resolutions.outcome IS NULL)`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE orders
      DROP CONSTRAINT orders_pending_waits,
      DROP CONSTRAINT orders_waits_for_known,
      DROP KEY orders_unfinished,
      ADD KEY orders_unfinished (status, owner, owned_at),
      DROP COLUMN waits_for`);
}

function alerted(kind: string): string {
  return `EXISTS (SELECT 1 FROM alerts WHERE alerts.order_id = orders.order_id
    AND alerts.kind = '${kind}' AND alerts.resolved_at IS NULL)`;
}
