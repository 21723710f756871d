import type { Knex } from 'knex';
import { queryMsMax } from '../database/connection';
import type { FailureCode } from '../../contracts/failures';
import { orderTerms, withTerms, type WithTerms } from '../../contracts/order';
import type { Decision, OrderLine, OrderStatus, Pattern } from '../../contracts/order';
import type { OverdueRecovery } from '../../contracts/recovery';
import type { Wait } from '../../contracts/waits';
import { rowCount, text, texts } from '../database/parameters';
import type { Row } from '../database/tables';
import { readParked, type ParkedEvent } from '../events/parked-events';
import { overdueRecoveries } from './recovery';

export type { ParkedEvent };

/** The API's reads of the order database. */

export interface OrderSummary extends WithTerms {
  orderId: string;
  customerId: string;
  status: OrderStatus;
  /** Null until the order is claimed. */
  pattern: Pattern | null;
  decision: Decision | null;
  /** Why the order was cancelled or is being cancelled. */
  reason: FailureCode | null;
  /** A bigint, because the column can exceed a number. */
  total: bigint;
  createdAt: Date;
  endedAt: Date | null;
}

export interface OrderDetail extends OrderSummary {
  lines: (Omit<OrderLine, 'unitPrice'> & { unitPrice: bigint })[];
}

/** An order with what the dispatcher must know before it claims it. */
export interface PlaceableOrder extends OrderSummary {
  lineCount: number;
}

/** An order in an operator's list. */
export interface OwnedOrder extends OrderSummary {
  owner: string | null;
  /** What it waits for while it is PENDING; null while it is driven. */
  waitsFor: Wait | null;
}

export interface OpenAlert {
  orderId: string;
  /** What its order waits for now; null while it is driven, or if there is no such order. */
  waitsFor: Wait | null;
  kind: string;
  detail: string;
  runbook: string;
  raisedAt: Date;
}

export interface OrderQueries {
  /** One order with its lines. */
  byId(orderId: string): Promise<OrderDetail | undefined>;
  /** Several orders by id. Leaves out ids that do not exist. */
  byIds(orderIds: readonly string[]): Promise<Map<string, OrderDetail>>;
  /** Several orders by id. Leaves out ids that do not exist. */
  placeable(orderIds: readonly string[]): Promise<Map<string, PlaceableOrder>>;
  /** A customer's orders, newest first, after the order `before`, up to `limit`. */
  page(customerId: string, limit: number, before?: string): Promise<OrderSummary[]>;
  /** Those of these orders that are COMPLETED, CANCELLED or PENDING. */
  settled(orderIds: readonly string[]): Promise<OrderSummary[]>;
  /** PENDING orders, ordered by id, after the order `after`, up to `limit`. */
  pending(limit: number, after?: string): Promise<OwnedOrder[]>;
  /** One order with its owner. */
  owned(orderId: string): Promise<OwnedOrder | undefined>;
  /** The open alerts, oldest first, up to `limit`. */
  openAlerts(limit: number): Promise<OpenAlert[]>;
  /** The latest resolution of an order: its number, and its workflow while it has not ended. */
  lastResolution(orderId: string): Promise<{ number: number; underWay?: string }>;
  /** Parked events: all, or the one with this id. */
  parked(eventId?: string): Promise<ParkedEvent[]>;
  /** Kinds of recovery that have had work for too long without completing a run. */
  overdueRecoveries(): Promise<OverdueRecovery[]>;
  /** Resolves if the database answers, and rejects if it does not. */
  ready(): Promise<void>;
}

const summaryColumns = [
  'order_id',
  'customer_id',
  'status',
  'pattern',
  'decision',
  'reason',
  'total',
  'created_at',
  'ended_at',
] as const;
type OrderRow = Pick<Row<'orders'>, (typeof summaryColumns)[number]>;
type OwnedRow = OrderRow & Pick<Row<'orders'>, 'owner' | 'waits_for'>;
/** Qualified, because the lines' table has an `order_id` too. */
const summarySelection = [...summaryColumns, ...orderTerms].map((column) => `orders.${column}`);

/**
 * Creates the API's reads of the order database, as user `order_api`. All methods reject with the
 * driver's error, which `databaseFault` of ./intake classifies.
 */
export function createOrderQueries(knex: Knex): OrderQueries {
  const summaries = (table: string | Knex.Raw = 'orders') =>
    knex(table).select<OrderRow[]>(summarySelection).timeout(queryMsMax);
  return {
    byId: async (orderId) => (await readDetails(knex, [orderId])).get(orderId),
    byIds: (orderIds) => readDetails(knex, orderIds),
    async placeable(orderIds) {
      const lineCount = knex('order_lines')
        .count('*')
        .whereRaw('order_lines.order_id = orders.order_id')
        .as('line_count');
      const rows = await summaries()
        .select<(OrderRow & { line_count: number })[]>(lineCount)
        .whereIn('order_id', [...new Set(texts(orderIds))]);
      return new Map(
        rows.map((row) => [row.order_id, { ...summaryOf(row), lineCount: row.line_count }]),
      );
    },
    async page(customerId, limit, before) {
      // Without this hint MySQL might use the idempotency keys' index, which also begins with the
      // customer but needs a sort.
      const newestFirst = summaries(knex.raw('orders FORCE INDEX (orders_customer)'))
        .where('customer_id', text(customerId))
        .orderBy('order_id', 'desc')
        .limit(rowCount(limit));
      if (before !== undefined) void newestFirst.where('order_id', '<', text(before));
      return (await newestFirst).map(summaryOf);
    },
    async settled(orderIds) {
      const rows = await summaries()
        .whereIn('order_id', texts(orderIds))
        .whereIn('status', ['COMPLETED', 'CANCELLED', 'PENDING']);
      return rows.map(summaryOf);
    },
    async pending(limit, after = '') {
      const rows = await summaries()
        .select<OwnedRow[]>('owner', 'waits_for')
        .where('status', 'PENDING')
        .where('order_id', '>', text(after))
        .orderBy('order_id')
        .limit(rowCount(limit));
      return rows.map(ownedOf);
    },
    async owned(orderId) {
      const row = await summaries()
        .select<OwnedRow[]>('owner', 'waits_for')
        .where('order_id', text(orderId))
        .first();
      return row && ownedOf(row);
    },
    openAlerts: (limit) => readOpenAlerts(knex, limit),
    async lastResolution(orderId) {
      const row = await knex('resolutions')
        .where('order_id', orderId)
        .orderBy('resolution_id', 'desc')
        .first('resolution_id', 'workflow_id', 'outcome')
        .timeout(queryMsMax);
      const number = row?.resolution_id ?? 0;
      return row?.outcome === null ? { number, underWay: row.workflow_id } : { number };
    },
    parked: (eventId) => readParked(knex, queryMsMax, eventId),
    overdueRecoveries: () => overdueRecoveries(knex, queryMsMax),
    async ready() {
      await knex('orders').first('order_id').timeout(queryMsMax);
    },
  };
}

function readOpenAlerts(knex: Knex, limit: number): Promise<OpenAlert[]> {
  return knex('alerts')
    .leftJoin('orders', 'orders.order_id', 'alerts.order_id')
    .select({ orderId: 'alerts.order_id', raisedAt: 'raised_at', waitsFor: 'waits_for' })
    .select('kind', 'detail', 'runbook')
    .whereNull('resolved_at')
    .orderBy('raised_at')
    .limit(rowCount(limit))
    .timeout(queryMsMax);
}

async function readDetails(
  knex: Knex,
  orderIds: readonly string[],
): Promise<Map<string, OrderDetail>> {
  const rows = await knex('orders')
    .join('order_lines', 'order_lines.order_id', 'orders.order_id')
    .select(summarySelection)
    .select<(OrderRow & LineRow)[]>('product_id', 'quantity', 'unit_price')
    .whereIn('orders.order_id', texts(orderIds))
    .orderBy('line_number')
    .timeout(queryMsMax);
  const details = new Map<string, OrderDetail>();
  for (const row of rows) {
    const detail = details.get(row.order_id) ?? { ...summaryOf(row), lines: [] };
    detail.lines.push(lineOf(row));
    details.set(row.order_id, detail);
  }
  return details;
}

type LineRow = Pick<Row<'order_lines'>, 'product_id' | 'quantity' | 'unit_price'>;

function lineOf(row: LineRow): OrderDetail['lines'][number] {
  return { productId: row.product_id, quantity: row.quantity, unitPrice: BigInt(row.unit_price) };
}

function ownedOf(row: OwnedRow): OwnedOrder {
  return { ...summaryOf(row), owner: row.owner, waitsFor: row.waits_for };
}

function summaryOf(row: OrderRow): OrderSummary {
  return {
    orderId: row.order_id,
    customerId: row.customer_id,
    status: row.status,
    pattern: row.pattern,
    decision: row.decision,
    reason: row.reason,
    total: BigInt(row.total),
    createdAt: row.created_at,
    endedAt: row.ended_at,
    ...withTerms(row),
  };
}
