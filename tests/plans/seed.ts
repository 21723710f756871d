import type { Knex } from 'knex';
import type { TestDatabases } from '../support/databases';

/** The size of a shop that has run for a while, so that the optimizer plans as it would there. */

export const sizes = { orders: 6_000, customers: 300, products: 1_500 };
const rowsAtOnce = 500;

/** Ids sort like numbers. */
export function orderId(n: number): string {
  return `o-${String(n).padStart(6, '0')}`;
}

/** One customer has two thousand orders. */
export const loyalCustomer = 'c-loyal';

export function customerId(n: number): string {
  if (n >= 3_000 && n < 5_000) return loyalCustomer;
  return `c-${String(n % sizes.customers).padStart(4, '0')}`;
}

export function productId(n: number): string {
  return `p-${String(n % sizes.products).padStart(4, '0')}`;
}

/** Most orders have ended; a few hundred of each other kind give the traffic work. */
function statusOf(n: number): { status: string; owner: string | null; decision: string | null } {
  if (n < 600) return { status: 'CREATED', owner: null, decision: null };
  const owner = `place-${String(n % 1_000).padStart(5, '0')}`;
  if (n < 1_000) return { status: 'PLACING', owner, decision: null };
  if (n < 1_100) return { status: 'PENDING', owner, decision: 'CANCEL' };
  if (n % 10 === 0) return { status: 'CANCELLED', owner, decision: 'CANCEL' };
  return { status: 'COMPLETED', owner, decision: 'COMPLETE' };
}

export async function seedShop(databases: TestDatabases): Promise<void> {
  const all = Array.from({ length: sizes.orders }, (_, n) => n);
  await insert(databases.order, 'orders', all.map(orderRow));
  await insert(
    databases.order,
    'order_lines',
    all.flatMap((n) => [1, 2].map((line) => lineRow(n, line))),
  );
  const owing = all.filter((n) => n >= 1_000 && (n < 1_100 || n % 10 === 0));
  await insert(databases.order, 'compensations', owing.map(compensationRow));
  await insert(databases.order, 'alerts', owing.map(alertRow));
  await insert(
    databases.product,
    'products',
    Array.from({ length: sizes.products }, (_, n) => ({
      product_id: productId(n),
      name: `product ${String(n)}`,
      price: 1,
      available: 1_000_000,
      opening: 1_000_000,
    })),
  );
  await insert(
    databases.point,
    'point_accounts',
    [loyalCustomer, ...all.slice(0, sizes.customers).map(customerId)].map((id) => ({
      customer_id: id,
      available: 1_000_000,
      opening: 1_000_000,
    })),
  );
  const placed = all.filter((n) => n >= 1_100);
  await insert(databases.product, 'steps', placed.map(stepRow('deductStock')));
  await insert(databases.point, 'steps', placed.map(stepRow('usePoints')));
  await analyze(databases.order, ['orders', 'order_lines', 'compensations', 'alerts']);
  await analyze(databases.product, ['products', 'steps']);
  await analyze(databases.point, ['point_accounts', 'steps']);
}

async function insert(knex: Knex, table: string, rows: object[]): Promise<void> {
  for (let i = 0; i < rows.length; i += rowsAtOnce) {
    await knex(table).insert(rows.slice(i, i + rowsAtOnce));
  }
}

async function analyze(knex: Knex, tables: string[]): Promise<void> {
  for (const table of tables) await knex.raw('ANALYZE TABLE ??', [table]);
}

function orderRow(n: number) {
  const { status, owner, decision } = statusOf(n);
  return {
    order_id: orderId(n),
    customer_id: customerId(n),
    idempotency_key: `key-${String(n)}`,
    request_hash: 'test',
    status,
    owner,
    decision,
    pattern: owner && 'saga',
    total: 2,
    owned_at: owner && '2026-01-01 00:00:00',
  };
}

function lineRow(n: number, line: number) {
  const product = productId(n + line * 7);
  return {
    order_id: orderId(n),
    line_number: line,
    product_id: product,
    quantity: 1,
    unit_price: 1,
  };
}

function compensationRow(n: number) {
  return {
    order_id: orderId(n),
    step: 'restoreStock',
    status: n < 1_100 ? 'PENDING' : 'DONE',
    next_retry_at: '2026-01-01 00:00:00',
    last_error: 'away',
  };
}

function alertRow(n: number) {
  return {
    kind: 'compensation-failing',
    order_id: orderId(n),
    runbook: 'compensation-failing',
    detail: 'away',
    resolved_at: n < 1_100 ? null : '2026-01-01 00:00:00',
  };
}

function stepRow(step: string) {
  return (n: number) => ({
    order_id: orderId(n),
    step,
    hash: 'v1:test',
    outcome: JSON.stringify({ kind: 'done' }),
  });
}
