import type { Knex } from 'knex';
import type { AgedQuery, FreezeCommand } from '../../contracts/reservations';
import type { Broken, FreezeOutcome } from '../../contracts/steps';
import type { Books } from '../../contracts/participants/definition';
import { lockBalances, moveBalances, writeLedger, type Change, type OpenBooks } from './books';
import { ExcludedFromBatch } from '../barrier/barrier';
import type { ReservationState } from '../database/tables';

/**
 * Reservations: amounts taken from a balance's `available` that have not left the books yet. At
 * every commit a balance's `reserved` is the sum of its open reservations. A try writes its
 * reservation rows last. Steps that end or freeze reservations lock them in key order, after the
 * barrier's rows and before the balances.
 */

interface Reservation {
  orderId: string;
  id: string;
  amount: number;
  state: ReservationState;
  /** The newest resolution that has frozen or thawed it; 0 for none. */
  resolution: number;
}

/** Moves amounts from `available` to `reserved`. The confirm writes the ledger. */
export async function reserve(
  trx: Knex.Transaction,
  books: Books,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return;
  await trx('reservations').insert(
    changes.map(({ orderId, id, amount }) => ({
      order_id: orderId,
      [books.key]: id,
      [books.amount]: -amount,
    })),
  );
  await moveBalances(trx, books, changes, { available: '+', reserved: '-' });
}

/**
 * Takes reserved amounts out of the books and writes the ledger.
 *
 * @throws ExcludedFromBatch for orders that a resolution has frozen
 */
export async function confirmReserved(
  trx: Knex.Transaction,
  books: OpenBooks,
  orderIds: readonly string[],
): Promise<void> {
  const rows = await lockOpen(trx, books, orderIds);
  const frozen = rows.filter(({ state }) => state === 'frozen');
  if (frozen.length > 0) throw new ExcludedFromBatch(uniqueOrders(frozen), { kind: 'frozen' });
  const spent = rows.map(({ amount, ...row }) => ({ ...row, kind: books.taking, amount: -amount }));
  await writeLedger(trx, books, spent);
  await moveBalances(trx, books, spent, { reserved: '+' });
  await setState(trx, orderIds, { state: 'confirmed' });
}

/** Makes reserved amounts available again, frozen or not, without a ledger row. */
export async function cancelReserved(
  trx: Knex.Transaction,
  books: OpenBooks,
  orderIds: readonly string[],
): Promise<void> {
  const rows = await lockOpen(trx, books, orderIds);
  await moveBalances(trx, books, rows, { available: '+', reserved: '-' });
  await setState(trx, orderIds, { state: 'cancelled' });
}

/**
 * Freezes reservations for an operator's resolution. A resolution that was thawed, or superseded by
 * a newer one, can no longer freeze, even if its command arrives late. Otherwise a reservation
 * could stay frozen permanently without any resolution that would thaw it.
 */
export async function freezeReserved(
  trx: Knex.Transaction,
  books: Books,
  commands: readonly FreezeCommand[],
): Promise<FreezeOutcome[]> {
  const byOrder = groupByOrder(await lockReservations(trx, books, orderIdsOf(commands)));
  const outcomes: FreezeOutcome[] = [];
  for (const { orderId, resolution } of commands) {
    const outcome = freezeOutcome(byOrder.get(orderId) ?? [], resolution);
    if (outcome.kind === 'done') await setState(trx, [orderId], { state: 'frozen', resolution });
    outcomes.push(outcome);
  }
  return outcomes;
}

function freezeOutcome(rows: readonly Reservation[], resolution: number): FreezeOutcome {
  if (rows.length === 0) return { kind: 'broken', code: 'confirm-without-reservation' };
  const may = rows.every(
    (row) =>
      row.resolution < resolution || (row.state === 'frozen' && row.resolution === resolution),
  );
  const open = rows.every(({ state }) => state === 'reserved' || state === 'frozen');
  return may && open ? { kind: 'done' } : { kind: 'refused' };
}

/** Undoes the freezes of this and older resolutions, and prevents them from freezing again. */
export async function thawReserved(
  trx: Knex.Transaction,
  books: Books,
  commands: readonly FreezeCommand[],
): Promise<FreezeOutcome[]> {
  const byOrder = groupByOrder(await lockReservations(trx, books, orderIdsOf(commands)));
  for (const { orderId, resolution } of commands) {
    const rows = byOrder.get(orderId) ?? [];
    const open = rows.every(({ state }) => state === 'reserved' || state === 'frozen');
    const newest = rows.every((row) => row.resolution <= resolution);
    if (open && newest) await setState(trx, [orderId], { state: 'reserved', resolution });
  }
  return commands.map(() => ({ kind: 'done' }));
}

/** Old open reservations of whole orders, ordered by order id. */
export async function agedReservations(
  knex: Knex,
  books: Books,
  { olderThanMs, afterOrder, limit }: AgedQuery,
): Promise<Map<string, { id: string; amount: number }[]>> {
  const orderIds = await knex('reservations')
    .distinct()
    .whereIn('state', ['reserved', 'frozen'])
    .where('order_id', '>', afterOrder)
    .where('reserved_at', '<', knex.raw('NOW(6) - INTERVAL ? MICROSECOND', [olderThanMs * 1_000]))
    .orderBy('order_id')
    .limit(limit)
    .pluck<string[]>('order_id');
  return groupByOrder(await reservationsOf(knex, books, orderIds));
}

function reservationsOf(
  knex: Knex | Knex.Transaction,
  { key, amount }: Books,
  orderIds: readonly string[],
) {
  return knex(knex.raw('reservations FORCE INDEX (PRIMARY)'))
    .select<Reservation[]>(
      'order_id as orderId',
      `${key} as id`,
      `${amount} as amount`,
      'state',
      'resolution',
    )
    .whereIn('order_id', [...orderIds].sort())
    .orderBy(['order_id', key]);
}

async function lockReservations(
  trx: Knex.Transaction,
  books: Books,
  orderIds: readonly string[],
): Promise<Reservation[]> {
  return reservationsOf(trx, books, orderIds).forUpdate();
}

/** @throws ExcludedFromBatch for orders without open reservations although the barrier records some */
async function lockOpen(
  trx: Knex.Transaction,
  books: OpenBooks,
  orderIds: readonly string[],
): Promise<Reservation[]> {
  const byOrder = groupByOrder(await lockReservations(trx, books, orderIds));
  const isOpen = ({ state }: Reservation) => state === 'reserved' || state === 'frozen';
  const gone = orderIds.filter(
    (orderId) => !(byOrder.get(orderId) ?? [undefined]).every((row) => row && isOpen(row)),
  );
  if (gone.length > 0) {
    const outcome: Broken = { kind: 'broken', code: 'effect-unaccounted' };
    throw new ExcludedFromBatch(
      gone.map((orderId) => ({ orderId })),
      outcome,
    );
  }
  const rows = [...byOrder.values()].flat();
  await lockBalances(
    trx,
    books,
    rows.map(({ id }) => id),
  );
  return rows;
}

async function setState(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  to: Partial<Pick<Reservation, 'state' | 'resolution'>>,
): Promise<void> {
  await trx('reservations').whereIn('order_id', orderIds).update(to);
}

function groupByOrder<R extends { orderId: string }>(rows: readonly R[]): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const row of rows) groups.set(row.orderId, [...(groups.get(row.orderId) ?? []), row]);
  return groups;
}

function orderIdsOf(commands: readonly { orderId: string }[]): string[] {
  return commands.map(({ orderId }) => orderId);
}

function uniqueOrders(rows: readonly { orderId: string }[]): { orderId: string }[] {
  return [...new Set(orderIdsOf(rows))].map((orderId) => ({ orderId }));
}
