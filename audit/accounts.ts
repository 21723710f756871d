import type { RegisteredParticipant } from '../contracts/participants';
import type { Reader } from './snapshot';

/** A whole number as the driver returns it: as text if a number cannot hold it. */
export type Whole = number | string;

/** One movement, as a positive amount. */
export interface Movement {
  /** The balance's key. */
  id: string;
  amount: bigint;
}

/** What one participant has recorded about one order. */
export interface Account {
  taken: Movement[];
  givenBack: Movement[];
  /** Its reservations that are neither confirmed nor cancelled. */
  reserved: Movement[];
  /** The barrier's outcome by step. `open` means a row committed without an outcome. */
  steps: Partial<Record<string, string>>;
  /** The recorded end of its XA branch, or `open`. Absent if no branch began. */
  branch?: string;
}

/** A range of order ids in byte order, which is the order of the keys. Null means unbounded. */
export interface IdRange {
  after: string | null;
  upTo: string | null;
}

/**
 * Everything that the participant has recorded about the orders of a range, by order id. Forces the
 * ledger's index; otherwise MySQL may read the whole ledger for each range.
 */
export async function readAccounts(
  snapshot: Reader,
  { books: { ledger, key, amount, taking } }: RegisteredParticipant,
  range: IdRange,
): Promise<Map<string, Account>> {
  const where = inRange(range);
  const accounts = new Map<string, Account>();
  const movements = await snapshot.rows<{ o: string; k: string; n: Whole; t: 0 | 1 }>(
    `SELECT order_id o, ${key} k, ${amount} n, kind = '${taking}' t
     FROM ${ledger} FORCE INDEX (${ledger}_order) WHERE ${where.sql}`,
    where.bindings,
  );
  for (const { o, k, n, t } of movements) {
    const account = accountOf(accounts, o);
    const by = BigInt(n);
    (t === 1 ? account.taken : account.givenBack).push({ id: k, amount: by < 0n ? -by : by });
  }
  const reservations = await snapshot.rows<{ o: string; k: string; n: Whole }>(
    `SELECT order_id o, ${key} k, ${amount} n FROM reservations
     WHERE state IN ('reserved', 'frozen') AND ${where.sql}`,
    where.bindings,
  );
  for (const { o, k, n } of reservations) {
    accountOf(accounts, o).reserved.push({ id: k, amount: BigInt(n) });
  }
  const steps = await snapshot.rows<{ o: string; step: string; outcome: string | null }>(
    `SELECT order_id o, step, outcome FROM steps WHERE ${where.sql}`,
    where.bindings,
  );
  for (const { o, step, outcome } of steps) {
    accountOf(accounts, o).steps[step] = outcomeKind(outcome);
  }
  const branches = await snapshot.rows<{ o: string; endedAs: string | null }>(
    `SELECT order_id o, ended_as endedAs FROM xa_branches WHERE ${where.sql}`,
    where.bindings,
  );
  for (const { o, endedAs } of branches) accountOf(accounts, o).branch = endedAs ?? 'open';
  return accounts;
}

/** The condition for a range, for every table whose key begins with `order_id`. */
export function inRange({ after, upTo }: IdRange): { sql: string; bindings: string[] } {
  const conditions: string[] = ['TRUE'];
  if (after !== null) conditions.push('order_id > ?');
  if (upTo !== null) conditions.push('order_id <= ?');
  return {
    sql: conditions.join(' AND '),
    bindings: [after, upTo].filter((bound) => bound !== null),
  };
}

function accountOf(accounts: Map<string, Account>, orderId: string): Account {
  const known = accounts.get(orderId);
  if (known) return known;
  const account: Account = { taken: [], givenBack: [], reserved: [], steps: {} };
  accounts.set(orderId, account);
  return account;
}

/** Caches parsed outcomes, because a million rows contain the same three texts. */
const kinds = new Map<string, string>();

function outcomeKind(outcome: string | null): string {
  if (outcome === null) return 'open';
  const known = kinds.get(outcome);
  if (known !== undefined) return known;
  const kind = parseKind(outcome);
  kinds.set(outcome, kind);
  return kind;
}

/** A text that is not an outcome is shown as it is, and agrees with no ledger. */
function parseKind(outcome: string): string {
  try {
    const parsed = JSON.parse(outcome) as { kind?: unknown } | null;
    return typeof parsed?.kind === 'string' ? parsed.kind : outcome;
  } catch {
    return outcome;
  }
}
