import type { Knex } from 'knex';
import { audit, type AuditDeps, type AuditOptions, type AuditReport } from '../../audit/audit';
import { openDatabase } from '../../activities/database/connection';
import type { FailureCode } from '../../contracts/failures';
import type { Decision, OrderStatus, Pattern } from '../../contracts/order';
import { byService } from '../../contracts/participants';
import type { Wait } from '../../contracts/waits';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/** An order as a test writes it; the world sets its prices. */
export interface OrderSpec {
  orderId: string;
  status: OrderStatus;
  /** The pattern of a claimed order; `saga` by default. */
  pattern?: Pattern;
  /** By default, every order that is not CREATED was claimed. */
  claimed?: false;
  customerId?: string;
  lines?: { productId: string; quantity: number }[];
  owner?: string;
  decision?: Decision;
  reason?: FailureCode;
  waitsFor?: Wait;
  /** How long ago it was claimed. */
  ownedS?: number;
}

/** Three databases that a test fills by SQL, like the services. */
export interface World {
  databases: TestDatabases;
  /** The workflows that Temporal would call open. */
  open: Set<string>;
  /** When closed workflows closed, as far as Temporal knows. */
  closed: Map<string, Date>;
  /** Empties everything, then adds two products and two customers. */
  begin(): Promise<void>;
  order(spec: OrderSpec): Promise<void>;
  /** Takes stock and points for an order, with barrier rows. */
  take(orderId: string, what?: { stock?: boolean; points?: boolean }): Promise<void>;
  /** Takes both without barrier rows, like the one transaction of `lock`. */
  takeByLock(orderId: string): Promise<void>;
  giveBackByLock(orderId: string): Promise<void>;
  /** Gives back what `take` took, with barrier rows. */
  giveBack(orderId: string, what?: { stock?: boolean; points?: boolean }): Promise<void>;
  /** Reserves pieces of a product for an order, as TCC's try does; no barrier row. */
  reserve(orderId: string, productId: string, quantity: number): Promise<void>;
  barrier(
    service: 'product' | 'point',
    orderId: string,
    step: string,
    outcome: object | null,
  ): Promise<void>;
  /** Audits as the user `auditor`, who may only read. */
  audit(options?: AuditOptions): Promise<AuditReport>;
  deps: AuditDeps;
  end(): Promise<void>;
}

const done = { kind: 'done' };
const price = 10;
const defaultLines = [
  { productId: 'p-1', quantity: 2 },
  { productId: 'p-2', quantity: 1 },
];

export async function createWorld(): Promise<World> {
  const databases = await createTestDatabases();
  const { order: orders, product, point } = databases;
  const open = new Set<string>();
  const closed = new Map<string, Date>();
  const audited = byService((service) =>
    openDatabase({ url: databases.url('auditor', service), poolMax: 2 }),
  );
  const deps: AuditDeps = {
    ...audited,
    isOpen: (workflowId) => Promise.resolve(open.has(workflowId)),
    closedAt: (workflowId) => Promise.resolve(closed.get(workflowId)),
  };
  const world: World = {
    databases,
    open,
    closed,
    deps,
    begin: async () => {
      open.clear();
      closed.clear();
      await databases.empty();
      await databases.stock({ 'p-1': { available: 100, price }, 'p-2': { available: 100, price } });
      await databases.points({ 'c-1': 1_000, 'c-2': 1_000 });
    },
    order: (spec) => writeOrder(orders, spec),
    take: async (orderId, what = { stock: true, points: true }) => {
      if (what.stock) {
        await moveStock(databases, orderId, 'deduct');
        await world.barrier('product', orderId, 'deductStock', done);
      }
      if (what.points) {
        await movePoints(databases, orderId, 'use');
        await world.barrier('point', orderId, 'usePoints', done);
      }
    },
    takeByLock: async (orderId) => {
      await moveStock(databases, orderId, 'deduct');
      await movePoints(databases, orderId, 'use');
    },
    giveBackByLock: async (orderId) => {
      await moveStock(databases, orderId, 'restore');
      await movePoints(databases, orderId, 'refund');
    },
    giveBack: async (orderId, what = { stock: true, points: true }) => {
      if (what.stock) {
        await moveStock(databases, orderId, 'restore');
        await world.barrier('product', orderId, 'restoreStock', done);
      }
      if (what.points) {
        await movePoints(databases, orderId, 'refund');
        await world.barrier('point', orderId, 'refundPoints', done);
      }
    },
    reserve: async (orderId, productId, quantity) => {
      const row = { order_id: orderId, product_id: productId, quantity };
      await product('reservations').insert(row);
      await product('products')
        .where({ product_id: productId })
        .increment({ available: -quantity, reserved: quantity });
    },
    barrier: async (service, orderId, step, outcome) => {
      const row = { order_id: orderId, step, hash: 'v1:test' };
      const recorded = { ...row, outcome: outcome && JSON.stringify(outcome) };
      await (service === 'product' ? product : point)('steps').insert(recorded);
    },
    audit: (options = {}) => audit(deps, options),
    end: async () => {
      await Promise.all(Object.values(audited).map((knex) => knex.destroy()));
      await databases.drop();
    },
  };
  return world;
}

const decisionOf: Partial<Record<OrderStatus, Decision>> = {
  COMPLETED: 'COMPLETE',
  CANCELLED: 'CANCEL',
};

async function writeOrder(orders: Knex, spec: OrderSpec): Promise<void> {
  const { orderId, status, lines = defaultLines } = spec;
  const claimed = status !== 'CREATED' && spec.claimed !== false;
  const ago = orders.raw('UTC_TIMESTAMP(6) - INTERVAL ? SECOND', [spec.ownedS ?? 1]);
  await orders('orders').insert({
    order_id: orderId,
    customer_id: spec.customerId ?? 'c-1',
    idempotency_key: orderId,
    request_hash: 'test',
    status,
    pattern: claimed ? (spec.pattern ?? 'saga') : null,
    owner: claimed ? (spec.owner ?? `owner-of-${orderId}`) : null,
    decision: spec.decision ?? decisionOf[status] ?? null,
    reason: spec.reason ?? null,
    waits_for: spec.waitsFor ?? null,
    total: lines.reduce((total, { quantity }) => total + quantity * price, 0),
    owned_at: claimed ? ago : null,
  });
  await orders('order_lines').insert(
    lines.map(({ productId, quantity }, i) => ({
      order_id: orderId,
      line_number: i + 1,
      product_id: productId,
      quantity,
      unit_price: price,
    })),
  );
}

async function moveStock(
  { order: orders, product }: TestDatabases,
  orderId: string,
  kind: 'deduct' | 'restore',
): Promise<void> {
  const sign = kind === 'deduct' ? -1 : 1;
  const lines = await orders('order_lines').where({ order_id: orderId });
  for (const { product_id, quantity } of lines) {
    const row = { order_id: orderId, product_id, kind, quantity: sign * quantity };
    await product('stock_ledger').insert(row);
    await product('products')
      .where({ product_id })
      .increment('available', sign * quantity);
  }
}

async function movePoints(
  { order: orders, point }: TestDatabases,
  orderId: string,
  kind: 'use' | 'refund',
): Promise<void> {
  const [order] = await orders('orders').where({ order_id: orderId });
  if (!order) throw new Error(`There is no order ${orderId}`);
  const { customer_id } = order;
  const points = Number(order.total) * (kind === 'use' ? -1 : 1);
  await point('point_ledger').insert({ order_id: orderId, customer_id, kind, points });
  await point('point_accounts').where({ customer_id }).increment('available', points);
}
