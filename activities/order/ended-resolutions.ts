import type { Knex } from 'knex';
import type { ResolutionOutcome } from '../../contracts/reservations';
import { byIndex } from '../database/rows';

/**
 * Records that the resolutions of these orders have ended with them. Otherwise a resolution whose
 * workflow was terminated would stay open. A live one records its own outcome later.
 */
export async function endResolutions(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  outcome: ResolutionOutcome,
): Promise<void> {
  if (orderIds.length === 0) return;
  await byIndex(trx, 'resolutions', 'resolutions_order')
    .whereIn('order_id', orderIds)
    .whereNull('outcome')
    .update({ outcome, ended_at: trx.fn.now(6) });
}
