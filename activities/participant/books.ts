import type { Knex } from 'knex';
import type { Books } from '../../contracts/participants/definition';

/** The same books, for a transaction that reaches beyond its connection's own database. */
export function inDatabase(books: Books, database: string): Books {
  return {
    ...books,
    balances: `${database}.${books.balances}`,
    ledger: `${database}.${books.ledger}`,
  };
}

/**
 * One signed change of one balance for one order. The amount of one order is exact as a number;
 * balances, and sums over orders, need a bigint.
 */
export interface Change {
  orderId: string;
  id: string;
  kind: string;
  amount: number;
}

/**
 * Locks these balances, in key order so that two batches cannot deadlock, and reads them. The
 * primary key is forced: for a batch that needs much of a small table the optimizer would read
 * all of it, and so wait for rows that are nobody's here.
 */
export async function lockBalances(
  trx: Knex.Transaction,
  books: Books,
  ids: Iterable<string>,
): Promise<Map<string, bigint>> {
  const rows = (await trx(trx.raw('?? FORCE INDEX (PRIMARY)', [books.balances]))
    .select({ id: books.key, available: 'available' })
    .whereIn(books.key, [...new Set(ids)].sort())
    .orderBy(books.key)
    .forUpdate()) as { id: string; available: number | string }[];
  return new Map(rows.map((row) => [row.id, BigInt(row.available)]));
}

/**
 * Writes the ledger and moves the balances by the same amounts: one statement each, whatever the
 * size of the batch. The caller holds the balances' locks and has seen that they suffice; the
 * CHECK that no balance is negative is the last guard, and hitting it is a bug.
 *
 * What is given back to a balance that is gone, as that of an account that was closed, is in the
 * ledger alone. The order ends, and the auditor says what is owed: see the rule `balance-missing`.
 */
export async function applyChanges(
  trx: Knex.Transaction,
  books: Books,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return;
  await writeLedger(trx, books, changes);
  await moveBalances(trx, books, changes, { available: '+' });
}

export async function writeLedger(
  trx: Knex.Transaction,
  books: Books,
  changes: readonly Change[],
): Promise<void> {
  await trx(books.ledger).insert(
    changes.map((change) => ({
      order_id: change.orderId,
      [books.key]: change.id,
      kind: change.kind,
      [books.amount]: change.amount,
    })),
  );
}

/** Which columns of a balance a movement changes, and whether by its amount or by the opposite. */
export type Columns = Partial<Record<'available' | 'reserved', '+' | '-'>>;

export async function moveBalances(
  trx: Knex.Transaction,
  books: Books,
  changes: readonly Pick<Change, 'id' | 'amount'>[],
  columns: Columns,
): Promise<void> {
  const sums = new Map<string, bigint>();
  for (const { id, amount } of changes) sums.set(id, (sums.get(id) ?? 0n) + BigInt(amount));
  const assignments = Object.entries(columns).map(
    ([column, sign]) => `balance.${column} = balance.${column} ${sign} moved.amount`,
  );
  // The literals must have the key's own collation, or the join could not use its index. The order
  // of the join and the index are forced for the same reason as above. The sums go as text and are
  // cast: uncast, the server would add a text to a balance as a double.
  const row = 'ROW(CAST(? AS CHAR(64) CHARACTER SET ascii) COLLATE ascii_bin, CAST(? AS SIGNED))';
  await trx.raw(
    `UPDATE (VALUES ${[...sums].map(() => row).join(', ')})
       AS moved (id, amount)
     STRAIGHT_JOIN ?? AS balance FORCE INDEX (PRIMARY) ON balance.${books.key} = moved.id
     SET ${assignments.join(', ')}`,
    [...[...sums].flatMap(([id, sum]) => [id, String(sum)]), books.balances],
  );
}
