import type { Pattern } from '../contracts/order';
import type { Reader } from './snapshot';

/**
 * How each participant keeps its books. Stock and points are kept alike, so that one table says
 * where the two differ, and each proof is written once.
 */
export interface Participant {
  /** What the report calls it. */
  name: 'stock' | 'points';
  /** What one of its balances belongs to. */
  holder: 'product' | 'customer';
  balances: 'products' | 'point_accounts';
  ledger: 'stock_ledger' | 'point_ledger';
  /** The ledger's index by order: without it the optimiser may read the ledger once a range. */
  ledgerIndex: string;
  /** The column of both tables that names the holder. */
  key: 'product_id' | 'customer_id';
  /** The ledger's signed column. */
  amount: 'quantity' | 'points';
  /** The ledger's word for taking; every other kind gives back. */
  taking: 'deduct' | 'use';
  /** By pattern, which of the barrier's steps have their effect in the ledger. */
  steps: Record<Pattern, LedgerSteps>;
  /** By pattern, the step that asks it first of all; null where its barrier is not used. */
  asks: Record<Pattern, string | null>;
}

/** The step that takes, and the one that gives back; null where the pattern has none. */
interface LedgerSteps {
  action: string | null;
  compensation: string | null;
}

/** One order's row, locked, is the barrier of a single transaction. */
const noSteps: LedgerSteps = { action: null, compensation: null };

export const stock: Participant = {
  name: 'stock',
  holder: 'product',
  balances: 'products',
  ledger: 'stock_ledger',
  ledgerIndex: 'stock_ledger_order',
  key: 'product_id',
  amount: 'quantity',
  taking: 'deduct',
  steps: {
    lock: noSteps,
    // Nobody but an operator gives back: what was committed by hand.
    xa: { action: 'prepareStock', compensation: 'rollbackStock' },
    tcc: { action: 'confirmStock', compensation: null },
    saga: { action: 'deductStock', compensation: 'restoreStock' },
    choreography: { action: 'deductStock', compensation: 'restoreStock' },
  },
  asks: {
    lock: null,
    xa: 'prepareStock',
    tcc: 'tryStock',
    saga: 'deductStock',
    choreography: 'deductStock',
  },
};

export const points: Participant = {
  name: 'points',
  holder: 'customer',
  balances: 'point_accounts',
  ledger: 'point_ledger',
  ledgerIndex: 'point_ledger_order',
  key: 'customer_id',
  amount: 'points',
  taking: 'use',
  steps: {
    lock: noSteps,
    xa: { action: 'preparePoints', compensation: 'rollbackPoints' },
    tcc: { action: 'confirmPoints', compensation: null },
    saga: { action: 'usePoints', compensation: 'refundPoints' },
    choreography: { action: 'usePoints', compensation: 'refundPoints' },
  },
  asks: {
    lock: null,
    xa: 'preparePoints',
    tcc: 'tryPoints',
    saga: 'usePoints',
    choreography: 'usePoints',
  },
};

/** A whole number as the driver gives it: as text where a number cannot hold it. */
export type Whole = number | string;

/** One movement, as a positive amount. */
export interface Movement {
  /** The product or the customer. */
  key: string;
  amount: bigint;
}

/** What one participant holds about one order. */
export interface Account {
  taken: Movement[];
  givenBack: Movement[];
  /** What is reserved for it and neither confirmed nor cancelled. */
  reserved: Movement[];
  /** The barrier's outcome by step: `open` is a row committed without one. */
  steps: Partial<Record<string, string>>;
  /** How its XA branch was noted to have ended, or `open`; absent where none was begun. */
  branch?: string;
}

/** A span of order ids in byte order, which is the order of the keys; null is unbounded. */
export interface IdRange {
  after: string | null;
  upTo: string | null;
}

/** Everything that the participant holds about the orders of a range, by order id. */
export async function readAccounts(
  snapshot: Reader,
  participant: Participant,
  range: IdRange,
): Promise<Map<string, Account>> {
  const { ledger, ledgerIndex, key, amount, taking } = participant;
  const where = inRange(range);
  const accounts = new Map<string, Account>();
  const movements = await snapshot.rows<{ o: string; k: string; n: Whole; t: 0 | 1 }>(
    `SELECT order_id o, ${key} k, ${amount} n, kind = '${taking}' t
     FROM ${ledger} FORCE INDEX (${ledgerIndex}) WHERE ${where.sql}`,
    where.bindings,
  );
  for (const { o, k, n, t } of movements) {
    const account = accountOf(accounts, o);
    const by = BigInt(n);
    (t === 1 ? account.taken : account.givenBack).push({ key: k, amount: by < 0n ? -by : by });
  }
  const reservations = await snapshot.rows<{ o: string; k: string; n: Whole }>(
    `SELECT order_id o, ${key} k, ${amount} n FROM reservations
     WHERE state IN ('reserved', 'frozen') AND ${where.sql}`,
    where.bindings,
  );
  for (const { o, k, n } of reservations) {
    accountOf(accounts, o).reserved.push({ key: k, amount: BigInt(n) });
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

/** The condition that picks a range, for every table whose key begins with `order_id`. */
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

/** The few outcomes there are, parsed once each: a million rows hold the same three texts. */
const kinds = new Map<string, string>();

function outcomeKind(outcome: string | null): string {
  if (outcome === null) return 'open';
  const known = kinds.get(outcome);
  if (known !== undefined) return known;
  const kind = parseKind(outcome);
  kinds.set(outcome, kind);
  return kind;
}

/** A text that is no outcome is shown as it is, and then agrees with no ledger. */
function parseKind(outcome: string): string {
  try {
    const parsed = JSON.parse(outcome) as { kind?: unknown } | null;
    return typeof parsed?.kind === 'string' ? parsed.kind : outcome;
  } catch {
    return outcome;
  }
}
