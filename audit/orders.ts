import { orderTerms, withTerms, type WithTerms } from '../contracts/order';
import type { Decision, OrderStatus, Pattern } from '../contracts/order';
import { patternRows, type PatternRow } from '../contracts/patterns';
import type { Wait } from '../contracts/waits';
import { inRange, type IdRange, type Whole } from './accounts';
import type { Reader } from './snapshot';

/** The audited columns of an order. */
export interface AuditedOrder extends WithTerms {
  orderId: string;
  customerId: string;
  status: OrderStatus;
  pattern: Pattern | null;
  owner: string | null;
  decision: Decision | null;
  /** What it says that it waits for; null unless it is PENDING. */
  waitsFor: Wait | null;
  total: Whole;
}

/** The audited columns of an order's line. */
export interface AuditedLine {
  productId: string;
  quantity: number;
  unitPrice: Whole;
}

/** An open registry row or an open alert. */
export interface OpenWork {
  /** The compensation's step, or the alert's kind. */
  what: string;
  /** Whole seconds since it was written, by the database's clock. */
  ageS: number;
}

/** The order database's open work, by order id. */
export interface Backlog {
  compensations: Map<string, OpenWork[]>;
  alerts: Map<string, OpenWork[]>;
}

/** Whether deliveries drive the order, under any owner. */
export function isByEvent({ pattern }: AuditedOrder): boolean {
  return pattern !== null && patternRows[pattern].begins === 'by-event';
}

/** When the ledgers move for the order; undefined if it is unclaimed. */
export function movesOf({ pattern }: AuditedOrder): PatternRow['moves'] | undefined {
  return pattern === null ? undefined : patternRows[pattern].moves;
}

/** The number of orders, for the progress display. */
export async function countOrders(snapshot: Reader): Promise<number> {
  const [row] = await snapshot.rows<{ n: number }>('SELECT COUNT(*) n FROM orders');
  return row?.n ?? 0;
}

/** The next orders after an id (null: from the first), up to `limit`, in byte order of ids. */
export async function readOrders(
  snapshot: Reader,
  after: string | null,
  limit: number,
): Promise<AuditedOrder[]> {
  const where = inRange({ after, upTo: null });
  const rows = await snapshot.rows<AuditedOrder>(
    `SELECT ${['order_id orderId', 'customer_id customerId', ...judgedColumns].join(', ')}
     FROM orders WHERE ${where.sql} ORDER BY order_id LIMIT ?`,
    [...where.bindings, limit],
  );
  return orderTerms.length === 0 ? rows : rows.map((row) => ({ ...row, ...withTerms(row) }));
}

const judgedColumns = [
  'status',
  'pattern',
  'owner',
  'decision',
  'waits_for waitsFor',
  'total',
  ...orderTerms,
];

/** The lines of the orders of a range, by order id. */
export async function readLines(
  snapshot: Reader,
  range: IdRange,
): Promise<Map<string, AuditedLine[]>> {
  const where = inRange(range);
  const rows = await snapshot.rows<{ o: string; p: string; q: number; u: Whole }>(
    `SELECT order_id o, product_id p, quantity q, unit_price u
     FROM order_lines WHERE ${where.sql}`,
    where.bindings,
  );
  const lines = new Map<string, AuditedLine[]>();
  for (const { o, p, q, u } of rows) {
    const line = { productId: p, quantity: q, unitPrice: u };
    const known = lines.get(o);
    if (known) known.push(line);
    else lines.set(o, [line]);
  }
  return lines;
}

/** Every open registry row, and every open alert. */
export async function readBacklog(snapshot: Reader): Promise<Backlog> {
  return {
    compensations: byOrder(
      await snapshot.rows<OpenRow>(
        `SELECT order_id o, step what, TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP(6)) ageS
         FROM compensations WHERE status = 'PENDING'`,
      ),
    ),
    alerts: byOrder(
      await snapshot.rows<OpenRow>(
        `SELECT order_id o, kind what, TIMESTAMPDIFF(SECOND, raised_at, UTC_TIMESTAMP(6)) ageS
         FROM alerts WHERE resolved_at IS NULL`,
      ),
    ),
  };
}

interface OpenRow {
  o: string;
  what: string;
  ageS: number;
}

function byOrder(rows: OpenRow[]): Map<string, OpenWork[]> {
  const found = new Map<string, OpenWork[]>();
  for (const { o, what, ageS } of rows) found.set(o, [...(found.get(o) ?? []), { what, ageS }]);
  return found;
}
