import type { Knex } from 'knex';
import type { ResolutionOutcome } from '../../contracts/reservations';

/**
 * Puts on record that these orders' resolutions have ended with them: one whose workflow was
 * terminated would otherwise stay under way. One that is alive says later itself what came of it.
 */
export async function endResolutions(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  outcome: ResolutionOutcome,
): Promise<void> {
  if (orderIds.length === 0) return;
  await trx(trx.raw('resolutions FORCE INDEX (resolutions_order)'))
    .whereIn('order_id', orderIds)
    .whereNull('outcome')
    .update({ outcome, ended_at: trx.fn.now(6) });
}
