import { storeOrders } from '../../tools/measure/stored-orders';
import { createWorld, type World } from '../audit/world';

/** Orders that the benchmark stores by SQL are told from real ones by nothing that is audited. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
beforeEach(async () => {
  await world.begin();
  const plenty = { available: 1_000_000_000, price: 7 };
  await world.databases.stock({ 'p-3': plenty, 'p-4': { ...plenty, price: 3 }, 'p-5': plenty });
  await world.databases.points({ 'c-3': 1_000_000_000, 'c-4': 1_000_000_000 });
});
afterAll(() => world.end());

const epochMs = Date.UTC(2026, 0, 1);

function store(from: number, to: number, onProgress: (done: number) => void = () => undefined) {
  return storeOrders(world.databases, { from, to, epochMs, onProgress });
}

test('twelve hundred stored orders are all proved, beside one that was placed', async () => {
  await world.order({ orderId: 'placed', status: 'COMPLETED' });
  await world.take('placed');
  const progress: number[] = [];
  await store(1, 1_120, (done) => progress.push(done));
  await store(1_121, 1_200);
  const report = await world.audit();
  expect(report.violations).toEqual([]);
  expect(report).toMatchObject({ clean: true, atRest: true, orders: 1_201 });
  expect(report.byStatus.COMPLETED).toBe(1_201);
  expect(progress.at(-1)).toBe(1_120);
});

interface Stored {
  order_id: string;
  created_at: Date;
  customer_id: string;
}

test("ids are version 7 UUIDs of their orders' time, in the orders' own order", async () => {
  await store(1, 50);
  const rows = await world.databases
    .order('orders')
    .orderBy('order_id')
    .select<Stored[]>('order_id', 'created_at', 'customer_id');
  expect(rows).toHaveLength(50);
  rows.forEach(({ order_id, created_at }, i) => {
    expect(order_id).toMatch(/^o-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    const ms = parseInt(order_id.slice(2).replaceAll('-', '').slice(0, 12), 16);
    expect(ms).toBe(epochMs + (i + 1) * 1_000);
    expect(created_at.getTime()).toBe(ms);
  });
  expect(new Set(rows.map(({ customer_id }) => customer_id)).size).toBe(2);
});

test('nothing is left behind, and a shop with nothing to sell is refused', async () => {
  await store(1, 5);
  const { order } = world.databases;
  expect(await order.schema.hasTable('bench_products')).toBe(false);
  await world.databases.product('products').update({ available: 10, opening: 10 });
  await expect(store(6, 7)).rejects.toThrow('needs three products');
});
