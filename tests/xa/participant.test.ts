import { createParticipantActivities } from '../../activities/participant/activities';
import { product } from '../../contracts/participants/product';
import { listPrepared } from '../../activities/participant/branch-connection';
import { openDatabase } from '../../activities/database/connection';
import { createTestDatabases } from '../support/databases';
import { until } from '../support/orders';
import { openXaOf } from '../support/world';
import {
  createParticipant,
  order,
  takenOnce,
  untouched,
  type Participant,
} from './participant-world';
import {
  anEndAgainstTheDecisionIsNoSuccess,
  aTombstoneKeepsAPrepareOut,
  rollsBackAsOftenAsAsked,
} from './promises';

/** One participant's part of two-phase commit, on a real MySQL, without a coordinator. */

let p: Participant;

beforeAll(async () => {
  p = await createParticipant();
});

afterAll(() => p.end());

beforeEach(() => p.begin());

afterEach(() => p.letGo());

it('answers every repeat of every step the same, and makes the effect once', async () => {
  for (let i = 0; i < 3; i += 1) {
    expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'done' }]);
    expect(await p.prepared('o-1')).toBe(true);
    expect(await p.books()).toEqual(untouched);
  }
  for (let i = 0; i < 3; i += 1) {
    expect(await p.product.commitStock([{ orderId: 'o-1' }])).toEqual([{ kind: 'committed' }]);
    expect(await p.books()).toEqual(takenOnce);
  }
  expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'done' }]);
  expect(await p.prepared('o-1')).toBe(false);
  expect(await p.books()).toEqual(takenOnce);
});

it('rolls back as often as requested, and then cancels a late prepare', () =>
  rollsBackAsOftenAsAsked(p));

it('leaves a tombstone for a prepare that has not come', () => aTombstoneKeepsAPrepareOut(p));

it('repeats a rejection, even if stock has arrived since', async () => {
  const rejected = { kind: 'rejected', code: 'insufficient-stock' };
  expect(await p.product.prepareStock([order('o-1', 11)])).toEqual([rejected]);
  await p.databases.stock({ apple: { available: 100 } });
  expect(await p.product.prepareStock([order('o-1', 11)])).toEqual([rejected]);
  expect(await p.prepared('o-1')).toBe(false);
  expect(await p.product.rollbackStock([{ orderId: 'o-1' }])).toEqual([{ kind: 'rolled-back' }]);
  expect(await p.available()).toBe(100);
});

it('answers broken for the same order with different content', async () => {
  await p.product.prepareStock([order('o-1')]);
  expect(await p.product.prepareStock([order('o-1', 3)])).toEqual([
    { kind: 'broken', code: 'content-mismatch' },
  ]);
  expect(await p.prepared('o-1')).toBe(true);
});

it('never reports a vanished branch as a success without its effect, nor the reverse', () =>
  anEndAgainstTheDecisionIsNoSuccess(p));

it('records a branch, with the rows that it locks, before it begins', async () => {
  const seen: unknown[] = [];
  const openBranch = p.openFaulty(/^XA START/, async (run) => {
    const rows: unknown[] = await p.databases
      .product('xa_branches')
      .select('order_id', 'ended_as', 'locked_rows');
    seen.push(...rows);
    return run();
  });
  await p.stepsWith({ openBranch }).prepare([order('o-1')]);
  expect(seen).toEqual([{ order_id: 'o-1', ended_as: null, locked_rows: ['products apple'] }]);
});

it('branches use no connection of the pool', async () => {
  await p.pool('products').first('product_id');
  for (let i = 0; i < 10; i += 1) {
    const orderId = `o-${String(i)}`;
    await p.product.prepareStock([order(orderId, 1)]);
    if (i % 2 === 0) await p.product.commitStock([{ orderId }]);
    else await p.product.rollbackStock([{ orderId }]);
  }
  await p.product.prepareStock([order('o-last', 1)]);
  await until('only the pool is connected', async () => (await p.straySessions()) === 0);
  // A write through the pool commits by itself, outside the prepared branch.
  await p.pool.raw(
    `INSERT INTO steps (order_id, step, hash, outcome) VALUES ('p', 'x', 'h', NULL)`,
  );
  await p.product.rollbackStock([{ orderId: 'o-last' }]);
  expect(await p.databases.product('steps').where('order_id', 'p')).toHaveLength(1);
  expect(await p.available()).toBe(5);
});

it('two installations on one server never touch each other’s branches, even of the same order', async () => {
  const second = await createTestDatabases();
  const otherXa = openXaOf(second).product;
  const otherPool = openDatabase({ url: second.url('product_worker', 'product'), poolMax: 2 });
  const other = createParticipantActivities(product, otherPool, otherXa);
  await second.stock({ apple: { available: 10 } });
  try {
    await p.product.prepareStock([order('same')]);
    await other.prepareStock([order('same')]);
    const all = { olderThanMs: 0, afterOrder: '', limit: 100 };
    const mine = await p.product.findStockBranches(all);
    expect(mine.own.map(({ orderId }) => orderId)).toEqual(['same']);
    expect(mine.others.join()).toContain(otherXa.gtridOf('same'));
    await p.product.commitStock([{ orderId: 'same' }]);
    expect(await p.available()).toBe(8);
    const gtrids = (await listPrepared(p.databases.product)).map(({ gtrid }) => gtrid);
    expect(gtrids).toContain(otherXa.gtridOf('same'));
    expect((await p.product.findStockBranches(all)).own).toEqual([]);
    expect((await other.findStockBranches(all)).own).toHaveLength(1);
  } finally {
    await other.rollbackStock([{ orderId: 'same' }]);
    await Promise.all([otherXa.close(), otherPool.destroy()]);
    await second.drop();
  }
});

it('the recovery user sees prepared branches and may read no table; the worker sees none', async () => {
  await expect(p.pool.raw('XA RECOVER')).rejects.toMatchObject({ errno: 1401 });
  await expect(
    p.xa.recovery.raw('SELECT * FROM ??.products', [p.databases.names.product]),
  ).rejects.toMatchObject({ errno: 1142 });
});
