import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Books } from '../../contracts/participants/definition';
import type { WhenHeld } from '../../contracts/steps';
import { RowsHeld } from '../barrier/held-rows';

/** The books of a step, and what it does about balances that another session has locked. */
export interface OpenBooks extends Books {
  whenHeld: WhenHeld;
}

/** The same books, qualified with a database, for a connection to another database. */
export function inDatabase(books: Books, database: string): Books {
  return {
    ...books,
    balances: `${database}.${books.balances}`,
    ledger: `${database}.${books.ledger}`,
  };
}

/**
 * One signed change of one balance for one order. A number holds one order's amount exactly;
 * balances and sums over orders need a bigint.
 */
export interface Change {
  orderId: string;
  id: string;
  kind: string;
  amount: number;
}

/**
 * Locks these balances in key order, so two batches cannot deadlock, and reads them. Forces the
 * primary key: otherwise MySQL might scan a small table and wait for other rows.
 *
 * @throws RowsHeld if another session has locked some of them, and this step does not wait
 */
export async function lockBalances(
  trx: Knex.Transaction,
  books: OpenBooks,
  ids: Iterable<string>,
): Promise<Map<string, bigint>> {
  const wanted = [...new Set(ids)].sort();
  const rows =
    books.whenHeld === 'wait'
      ? await readBalances(trx, books, wanted).forUpdate()
      : await lockFreeBalances(trx, books, wanted);
  return new Map(rows.map((row) => [row.id, BigInt(row.available)]));
}

interface Balance {
  id: string;
  available: number | string;
}

function readBalances(trx: Knex.Transaction, books: Books, ids: readonly string[]) {
  return trx(trx.raw('?? FORCE INDEX (PRIMARY)', [books.balances]))
    .select<Balance[]>(`${books.key} as id`, 'available')
    .whereIn(books.key, ids)
    .orderBy(books.key);
}

/**
 * The pauses between looks at locked rows, in milliseconds. Other batches hold a popular product's
 * row for a few milliseconds; asking again through Temporal would take longer.
 */
const looksAfterMs = [0, 5, 15];

/** Never waits for a lock, so it can neither deadlock nor occupy a slot for long. */
async function lockFreeBalances(
  trx: Knex.Transaction,
  books: Books,
  ids: readonly string[],
): Promise<Balance[]> {
  const locked: Balance[] = [];
  let rest = ids;
  for (const pauseMs of looksAfterMs) {
    if (pauseMs > 0) await sleep(pauseMs);
    locked.push(...(await readBalances(trx, books, rest).forUpdate().skipLocked()));
    const mine = new Set(locked.map(({ id }) => id));
    rest = rest.filter((id) => !mine.has(id));
    if (rest.length === 0) return locked;
    // A row that SKIP LOCKED leaves out is locked, or does not exist.
    rest = (await readBalances(trx, books, rest)).map(({ id }) => id);
    if (rest.length === 0) return locked;
  }
  throw new RowsHeld(books.balances, new Set(rest));
}

/**
 * Writes the ledger and changes the balances by the same amounts, with one statement each for any
 * batch size. The caller has locked the balances and checked that they suffice. The CHECK against
 * negative balances is the last guard; violating it is a bug.
 *
 * If a balance no longer exists, for example because the account was closed, giving back only
 * writes the ledger. The order ends, and the auditor reports what is owed: see the rule
 * `balance-missing`.
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

/** Which columns of a balance a movement changes, and with which sign. */
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
  // The literals need the key's collation, or the join could not use its index. Forces the join
  // order and the index for the same reason as above. The sums are sent as text and cast: without
  // the cast the server would add them as doubles.
  const row = 'ROW(CAST(? AS CHAR(64) CHARACTER SET ascii) COLLATE ascii_bin, CAST(? AS SIGNED))';
  await trx.raw(
    `UPDATE (VALUES ${[...sums].map(() => row).join(', ')})
       AS moved (id, amount)
     STRAIGHT_JOIN ?? AS balance FORCE INDEX (PRIMARY) ON balance.${books.key} = moved.id
     SET ${assignments.join(', ')}`,
    [...[...sums].flatMap(([id, sum]) => [id, String(sum)]), books.balances],
  );
}
