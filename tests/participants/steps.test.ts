import { createParticipantActivities } from '../../activities/participant/activities';
import { point as pointParticipant } from '../../contracts/participants/point';
import { product as productParticipant } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import type { StockCommand } from '../../contracts/participants/product';
import { openDatabase } from '../../activities/database/connection';
import { createTestDatabases, type TestDatabases } from '../support/databases';

let databases: TestDatabases;
let product: Knex;
let point: Knex;

beforeAll(async () => {
  databases = await createTestDatabases();
  product = openDatabase({
    url: databases.url('product_worker', 'product'),
    poolMax: 5,
    lockWaitSMax: 1,
  });
  point = openDatabase({
    url: databases.url('point_worker', 'point'),
    poolMax: 5,
    lockWaitSMax: 1,
  });
});

afterAll(async () => {
  await product.destroy();
  await point.destroy();
  await databases.drop();
});

beforeEach(async () => {
  await databases.empty();
  await databases.stock({
    apple: { available: 10 },
    pear: { available: 5 },
    rare: { available: 1 },
  });
  await databases.points({ anna: 100, ben: 10 });
});

const done = { kind: 'done' };
const shortOfStock = { kind: 'rejected', code: 'insufficient-stock' };

function order(orderId: string, lines: Record<string, number>): StockCommand {
  return {
    orderId,
    lines: Object.entries(lines).map(([productId, quantity]) => ({ productId, quantity })),
  };
}

async function stock() {
  const rows = await databases.product('products').select('product_id', 'available');
  return Object.fromEntries(rows.map((row) => [row.product_id, row.available]));
}

describe('deductStock', () => {
  it('takes all lines of an order or none, and answers each order of a batch', async () => {
    const { deductStock } = createParticipantActivities(productParticipant, product);
    const outcomes = await deductStock([
      order('o-3', { apple: 4, pear: 1 }),
      order('o-1', { apple: 2, rare: 2 }),
      order('o-2', { rare: 1 }),
    ]);
    expect(outcomes).toEqual([done, shortOfStock, done]);
    expect(await stock()).toEqual({ apple: 6, pear: 4, rare: 0 });
    const ledger = await databases
      .product('stock_ledger')
      .select('order_id', 'product_id', 'kind', 'quantity')
      .orderBy('entry_id');
    expect(ledger).toEqual([
      { order_id: 'o-3', product_id: 'apple', kind: 'deduct', quantity: -4 },
      { order_id: 'o-3', product_id: 'pear', kind: 'deduct', quantity: -1 },
      { order_id: 'o-2', product_id: 'rare', kind: 'deduct', quantity: -1 },
    ]);
  });

  it('answers a repeat as recorded, rejections included, even when it could succeed now', async () => {
    const { deductStock } = createParticipantActivities(productParticipant, product);
    const command = order('o-1', { rare: 2 });
    expect(await deductStock([command])).toEqual([shortOfStock]);
    await databases.stock({ rare: { available: 50 } });
    expect(await deductStock([command])).toEqual([shortOfStock]);
    expect(await stock()).toMatchObject({ rare: 50 });
  });

  it('answers broken for the same order with different content, and continues its neighbours', async () => {
    const { deductStock } = createParticipantActivities(productParticipant, product);
    await deductStock([order('o-1', { apple: 1 })]);
    const outcomes = await deductStock([order('o-1', { apple: 2 }), order('o-2', { apple: 3 })]);
    expect(outcomes).toEqual([{ kind: 'broken', code: 'content-mismatch' }, done]);
    expect(await stock()).toMatchObject({ apple: 6 });
  });

  it('excludes an order with an unknown product, without a trace', async () => {
    const { deductStock } = createParticipantActivities(productParticipant, product);
    const outcomes = await deductStock([order('o-1', { ghost: 1 }), order('o-2', { apple: 3 })]);
    expect(outcomes).toEqual([{ kind: 'broken', code: 'unknown-product' }, done]);
    expect(await databases.product('steps').pluck('order_id')).toEqual(['o-2']);
  });
});
describe('restoreStock', () => {
  it('reverses exactly what was taken, once', async () => {
    const { deductStock, restoreStock } = createParticipantActivities(productParticipant, product);
    const taken = order('o-1', { apple: 4 });
    const refused = order('o-2', { rare: 3 });
    await deductStock([taken, refused]);
    expect(await restoreStock([taken, refused])).toEqual([done, done]);
    expect(await restoreStock([refused, taken])).toEqual([done, done]);
    expect(await stock()).toEqual({ apple: 10, pear: 5, rare: 1 });
  });

  it('leaves a tombstone if it comes first: the late action is cancelled', async () => {
    const { deductStock, restoreStock } = createParticipantActivities(productParticipant, product);
    const command = order('o-1', { apple: 4 });
    expect(await restoreStock([command])).toEqual([done]);
    expect(await deductStock([command])).toEqual([{ kind: 'cancelled' }]);
    // The barrier checks the tombstone before the hash: a late action takes nothing, whatever its
    // content.
    expect(await deductStock([order('o-1', { apple: 5 })])).toEqual([{ kind: 'cancelled' }]);
    expect(await stock()).toMatchObject({ apple: 10 });
    expect(await databases.product('stock_ledger')).toEqual([]);
  });
});

describe('usePoints', () => {
  const use = (orderId: string, customerId: string, points: number) => ({
    orderId,
    customerId,
    points,
  });

  it('takes the whole total or nothing, order by order', async () => {
    const { usePoints } = createParticipantActivities(pointParticipant, point);
    const outcomes = await usePoints([
      use('o-2', 'ben', 6),
      use('o-1', 'ben', 6),
      use('o-3', 'anna', 100),
      use('o-4', 'nobody', 1),
      use('o-5', 'ben', 4),
    ]);
    expect(outcomes).toEqual([
      done,
      { kind: 'rejected', code: 'insufficient-points' },
      done,
      // A customer without an account has no points.
      { kind: 'rejected', code: 'insufficient-points' },
      done,
    ]);
    expect(
      await databases.point('point_accounts').orderBy('customer_id').pluck('available'),
    ).toEqual([0, 0]);
  });

  it('answers locked for orders whose rows another session holds, and does the others', async () => {
    const { usePoints } = createParticipantActivities(pointParticipant, point);
    const holder = await databases.point.transaction();
    await holder('point_accounts').where('customer_id', 'ben').forUpdate();
    const outcomes = await usePoints([use('o-1', 'ben', 1), use('o-2', 'anna', 1)]);
    await holder.rollback();
    expect(outcomes).toEqual([{ kind: 'locked' }, done]);
    // Nothing was recorded for the locked one, so a later call can still do it.
    expect(await usePoints([use('o-1', 'ben', 1)])).toEqual([done]);
  });

  it('answers locked for an order whose barrier row is still being written', async () => {
    const { usePoints } = createParticipantActivities(pointParticipant, point);
    const holder = await databases.point.transaction();
    await holder.raw(`INSERT INTO steps (order_id, step, hash) VALUES ('o-1', 'usePoints', 'v1')`);
    const outcomes = await usePoints([use('o-1', 'ben', 1), use('o-2', 'anna', 1)]);
    await holder.rollback();
    expect(outcomes).toEqual([{ kind: 'locked' }, done]);
  });
});

describe('privileges', () => {
  it.each([
    ['stock_ledger', 'DELETE FROM stock_ledger'],
    ['stock_ledger', 'UPDATE stock_ledger SET quantity = quantity - 1'],
    ['products', 'UPDATE products SET price = 1'],
    ['steps', 'DELETE FROM steps'],
  ])('the product service cannot change the rows of %s: %s', async (_table, sql) => {
    await expect(product.raw(sql)).rejects.toThrow(/denied/);
  });

  it('a service cannot see another’s database', async () => {
    await expect(product.raw('SELECT 1 FROM ??.orders', [databases.names.order])).rejects.toThrow(
      /denied/,
    );
  });
});

it('taking nearly all of a small table waits for no unrelated row', async () => {
  const strangers = [await databases.product.transaction(), await databases.point.transaction()];
  try {
    await strangers[0]?.('products').where('product_id', 'rare').forUpdate();
    await strangers[1]?.('point_accounts').where('customer_id', 'ben').forUpdate();
    const { deductStock, restoreStock } = createParticipantActivities(productParticipant, product);
    const { usePoints, refundPoints } = createParticipantActivities(pointParticipant, point);
    const command = order('o-1', { apple: 1, pear: 1 });
    const points = { orderId: 'o-1', customerId: 'anna', points: 1 };
    expect(await deductStock([command])).toEqual([done]);
    expect(await usePoints([points])).toEqual([done]);
    expect(await restoreStock([command])).toEqual([done]);
    expect(await refundPoints([points])).toEqual([done]);
  } finally {
    for (const stranger of strangers) await stranger.rollback();
  }
});
