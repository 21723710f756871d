import type { Knex } from 'knex';
import { classify } from './errors';

/**
 * Which of these orders' barrier rows somebody else holds. They are probed one by one with
 * NOWAIT, because SKIP LOCKED cannot tell a row that is being inserted from one that is not there.
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

/** Which of these balance rows, all of which exist, somebody else holds. */
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
