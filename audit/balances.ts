import type { RegisteredParticipant } from '../contracts/participants';
import type { Books } from '../contracts/participants/definition';
import type { Whole } from './accounts';
import type { Findings } from './findings';
import type { RuleId } from './rules';
import type { Reader } from './snapshot';

/** How many wrong sums are examined. With more, their orders explain nothing. */
const faultsMax = 1_000;

/** A wrong sum. */
interface Fault {
  k: string;
  /** Null if the ledger names a balance that does not exist. */
  available: Whole | null;
  reserved: Whole | null;
  opening: Whole | null;
  /** Decimals come as text. */
  moved: string;
  /** For a deleted balance, the amount owed since it was closed; null if it was never closed. */
  off: string | null;
}

/** One participant's wrong sums, reported once its orders have been judged. */
export interface Balances {
  participant: RegisteredParticipant;
  checked: number;
  faults: Fault[];
  /** The last order that changed each balance with a wrong sum. */
  lastOrders: Map<string, string>;
  negative: BalanceRow[];
  reserved: BalanceRow[];
  unexplained: Unexplained[];
}

/** A balance whose `reserved` differs from the sum of its open reservations. */
interface Unexplained {
  k: string;
  reserved: Whole;
  /** Decimals come as text. */
  open: string;
  /** The order of one of its reservations; null if it has none. */
  orderId: string | null;
}

interface BalanceRow {
  k: string;
  available: Whole;
  reserved: Whole;
}

/**
 * The sum of two columns may exceed a column's range, which the server refuses without the cast.
 */
const held = 'CAST(b.available AS DECIMAL(65)) + b.reserved';

/** Compares one participant's ledger sums with its balances, in its snapshot. */
export async function readBalances(
  snapshot: Reader,
  participant: RegisteredParticipant,
): Promise<Balances> {
  const { books } = participant;
  const { balances, key } = books;
  const [counted] = await snapshot.rows<{ n: number }>(`SELECT COUNT(*) n FROM ${balances}`);
  const odd = await snapshot.rows<BalanceRow>(
    `SELECT ${key} k, available, reserved FROM ${balances}
     WHERE available < 0 OR reserved <> 0 LIMIT ?`,
    [faultsMax],
  );
  const faults = await readFaults(snapshot, books);
  return {
    participant,
    checked: counted?.n ?? 0,
    faults,
    lastOrders: await readLastOrders(snapshot, books, faults),
    negative: odd.filter(
      ({ available, reserved }) => isNegative(available) || isNegative(reserved),
    ),
    reserved: odd.filter(({ reserved }) => BigInt(reserved) > 0n),
    unexplained: await readUnexplained(snapshot, books),
  };
}

function readUnexplained(
  snapshot: Reader,
  { balances, key, amount }: Books,
): Promise<Unexplained[]> {
  return snapshot.rows<Unexplained>(
    `WITH held AS (SELECT ${key} k, SUM(${amount}) open, MAX(order_id) orderId FROM reservations
                   WHERE state IN ('reserved', 'frozen') GROUP BY ${key})
     SELECT b.${key} k, b.reserved, COALESCE(h.open, 0) open, h.orderId
     FROM ${balances} b LEFT JOIN held h ON h.k = b.${key}
     WHERE b.reserved <> COALESCE(h.open, 0)
     UNION ALL
     SELECT h.k, 0, h.open, h.orderId
     FROM held h LEFT JOIN ${balances} b ON b.${key} = h.k
     WHERE b.${key} IS NULL
     LIMIT ?`,
    [faultsMax],
  );
}

function readFaults(snapshot: Reader, { balances, ledger, key, amount }: Books): Promise<Fault[]> {
  return snapshot.rows<Fault>(
    `WITH ledger AS (
       SELECT k, SUM(moved) moved FROM (
         SELECT ${key} k, SUM(${amount}) moved FROM ${ledger} GROUP BY ${key}
         UNION ALL SELECT ${key}, SUM(${amount}) FROM bookings GROUP BY ${key}) parts
       GROUP BY k),
     closed AS (SELECT ${key} k, SUM(opening) opening FROM bookings
                WHERE kind = 'close' GROUP BY ${key})
     SELECT b.${key} k, b.available, b.reserved, b.opening, COALESCE(l.moved, 0) moved,
            ${held} - b.opening - COALESCE(l.moved, 0) off
     FROM ${balances} b LEFT JOIN ledger l ON l.k = b.${key}
     WHERE ${held} <> b.opening + COALESCE(l.moved, 0)
     UNION ALL
     SELECT l.k, NULL, NULL, NULL, l.moved, c.opening + l.moved
     FROM ledger l LEFT JOIN ${balances} b ON b.${key} = l.k LEFT JOIN closed c ON c.k = l.k
     WHERE b.${key} IS NULL AND (c.k IS NULL OR c.opening + l.moved <> 0)
     LIMIT ?`,
    [faultsMax],
  );
}

async function readLastOrders(
  snapshot: Reader,
  { ledger, key }: Books,
  faults: Fault[],
): Promise<Map<string, string>> {
  if (faults.length === 0) return new Map();
  const rows = await snapshot.rows<{ k: string; orderId: string }>(
    `SELECT l.${key} k, l.order_id orderId FROM ${ledger} l
     JOIN (SELECT MAX(entry_id) entry_id FROM ${ledger}
           WHERE ${key} IN (${faults.map(() => '?').join(', ')}) GROUP BY ${key}) last
     USING (entry_id)`,
    faults.map(({ k }) => k),
  );
  return new Map(rows.map(({ k, orderId }) => [k, orderId]));
}

/** Turns wrong sums into violations. `findings` must already contain the verdicts on the orders. */
export function reportBalances(balances: Balances, findings: Findings): void {
  const { participant, checked, faults, lastOrders, negative, unexplained } = balances;
  const { holder } = participant.books;
  const rule: RuleId = `${participant.label}-balance`;
  findings.count(rule, checked);
  findings.count('balance-missing', checked);
  findings.count('negative-balance', checked);
  findings.count('reserved-by-orders', checked);
  const place = (k: string) => findings.suspectOf(k) ?? lastOrders.get(k) ?? null;
  for (const fault of faults) {
    const orderId = place(fault.k);
    const hint = orderId === null ? 'no order has touched it' : `look first at order ${orderId}`;
    findings.add({
      rule: fault.available === null ? 'balance-missing' : rule,
      orderId,
      detail: `${holder} ${fault.k}: ${describe(fault)}; ${hint}`,
    });
  }
  for (const { k, available, reserved } of negative) {
    findings.add({
      rule: 'negative-balance',
      orderId: place(k),
      detail: `${holder} ${k}: available ${String(available)}, reserved ${String(reserved)}`,
    });
  }
  for (const { k, reserved, open, orderId } of unexplained) {
    findings.add({
      rule: 'reserved-by-orders',
      orderId: orderId ?? place(k),
      detail: `${holder} ${k}: ${String(reserved)} reserved, its open reservations are ${open}`,
    });
  }
}

/** Turns reservations into violations, once it is certain that no order holds them. */
export function reportReserved({ participant, reserved }: Balances, findings: Findings): void {
  for (const { k, reserved: amount } of reserved) {
    findings.add({
      rule: 'reserved-at-rest',
      orderId: findings.suspectOf(k) ?? null,
      detail: `${participant.books.holder} ${k}: ${String(amount)} reserved`,
    });
  }
}

function isNegative(amount: Whole): boolean {
  return BigInt(amount) < 0n;
}

function describe({ available, reserved, opening, moved, off }: Fault): string {
  if (off === null) return `the ledger moved ${moved}, but the balance does not exist`;
  if (available === null) return `closed, and ${off} are owed since`;
  return (
    `available ${String(available)} + reserved ${String(reserved)} is off by ${off} ` +
    `from opening ${String(opening)} + ledger ${moved}`
  );
}
