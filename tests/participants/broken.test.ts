import { createParticipantActivities } from '../../activities/participant/activities';
import { point as pointParticipant } from '../../contracts/participants/point';
import { product as productParticipant } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { classify } from '../../activities/database/errors';
import { LossyProxy } from '../api/lossy-proxy';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { mysqlServer } from '../support/servers';

/** Unexpected faults: damaged data, and a silent database. */

let databases: TestDatabases;
let product: Knex;
let point: Knex;

beforeAll(async () => {
  databases = await createTestDatabases();
  product = openDatabase({ url: databases.url('product_worker', 'product'), poolMax: 2 });
  point = openDatabase({ url: databases.url('point_worker', 'point'), poolMax: 2 });
});

afterAll(async () => {
  await product.destroy();
  await point.destroy();
  await databases.drop();
});

beforeEach(async () => {
  await databases.empty();
  await databases.stock({ apple: { available: 10 }, pear: { available: 10 } });
  await databases.points({ anna: 100, ben: 100 });
});

const line = (orderId: string, productId: string) => ({
  orderId,
  lines: [{ productId, quantity: 1 }],
});
const done = { kind: 'done' };

it('gives stock back only in the ledger if the product is gone', async () => {
  const { deductStock, restoreStock } = createParticipantActivities(productParticipant, product);
  const commands = [line('o-1', 'apple'), line('o-2', 'pear')];
  await deductStock(commands);
  await databases.product('products').where('product_id', 'apple').delete();
  expect(await restoreStock(commands)).toEqual([done, done]);
  const entries = databases.product('stock_ledger').where('product_id', 'apple');
  expect(await entries.pluck('quantity')).toEqual([-1, 1]);
  // Once the row is back, a repeat gives nothing back; the ledger shows what the row must have.
  await databases.stock({ apple: { available: 10 } });
  expect(await restoreStock(commands)).toEqual([done, done]);
  expect(await databases.product('products').orderBy('product_id').pluck('available')).toEqual([
    10, 10,
  ]);
});

it('gives points back only in the ledger if the account is gone', async () => {
  const { usePoints, refundPoints } = createParticipantActivities(pointParticipant, point);
  const commands = ['anna', 'ben'].map((customerId) => ({
    orderId: `o-${customerId}`,
    customerId,
    points: 7,
  }));
  await usePoints(commands);
  await databases.point('point_accounts').where('customer_id', 'anna').delete();
  expect(await refundPoints(commands)).toEqual([done, done]);
  const entries = databases.point('point_ledger').where('customer_id', 'anna');
  expect(await entries.pluck('points')).toEqual([-7, 7]);
});

it('names the violated constraint for the operator', async () => {
  await databases.product.raw(
    'ALTER TABLE stock_ledger ADD CONSTRAINT no_single_apple CHECK (quantity <> -1)',
  );
  try {
    const { deductStock } = createParticipantActivities(productParticipant, product);
    expect(await deductStock([line('o-1', 'apple')])).toEqual([
      { kind: 'broken', code: 'guard-violated', detail: 'no_single_apple' },
    ]);
  } finally {
    await databases.product.raw('ALTER TABLE stock_ledger DROP CONSTRAINT no_single_apple');
  }
});

it('closes a connection that has become silent', async () => {
  const proxy = await LossyProxy.start(mysqlServer());
  const url = proxy.through(databases.url('product_worker', 'product'));
  const pool = openDatabase({ url, poolMax: 1, silentMsMax: 300 });
  try {
    await pool.raw('SELECT 1');
    proxy.freeze();
    const begun = Date.now();
    const fault: unknown = await pool.raw('SELECT 1').catch((error: unknown) => error);
    expect(classify(fault)).toBe('outcome-unknown');
    expect(Date.now() - begun).toBeGreaterThanOrEqual(250);
  } finally {
    await proxy.stop();
    await pool.destroy();
  }
});
