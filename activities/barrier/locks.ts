import type { Knex } from 'knex';
import { classify } from '../database/errors';

/**
 * The orders whose barrier rows another session has locked. Probes one by one with NOWAIT, because
 * SKIP LOCKED cannot distinguish a row that is being inserted from one that does not exist.
 */
export async function lockedBarriers(
  trx: Knex.Transaction,
  orderIds: readonly string[],
): Promise<Set<string>> {
  const locked = new Set<string>();
  for (const orderId of orderIds) {
    try {
      await trx.raw('SELECT 1 FROM steps WHERE order_id = ? FOR UPDATE NOWAIT', [orderId]);
    } catch (error) {
      if (classify(error) !== 'lock-timeout') throw error;
      locked.add(orderId);
    }
  }
  return locked;
}

/** Which of these existing balance rows another session has locked. */
export async function lockedBalances(
  trx: Knex.Transaction,
  { balances, key }: { balances: string; key: string },
  ids: readonly string[],
): Promise<Set<string>> {
  const there = await trx(balances).whereIn(key, ids).pluck<string[]>(key);
  const free = await trx(balances).whereIn(key, ids).forUpdate().skipLocked().pluck<string[]>(key);
  const freeIds = new Set(free);
  return new Set(there.filter((id) => !freeIds.has(id)));
}
