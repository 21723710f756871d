import { createParticipantActivities } from '../../activities/participant/activities';
import { product } from '../../contracts/participants/product';
import { openDatabase } from '../../activities/database/connection';
import { isPrepared } from '../../activities/participant/branch-connection';
import { createTestDatabases } from '../support/databases';
import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { everythingIsOld, startRecovery } from '../support/recovery';
import { useWorld } from '../support/use-world';
import { openXaOf } from '../support/world';
import { dies, endByHand, preparedIn, rollBackAll, scan } from './branches';

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 1_000 } });
const hourMs = 3_600_000;

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

/** Both branches of an order are prepared, and no workflow drives it. */
async function leftBehind(): Promise<string> {
  const order = await createOrder(world);
  const gate = dies(world, 'decideOrders', 'before');
  const handle = await startOrders(world, 'xa', [order]);
  await gate.reached;
  expect(await preparedIn(world)).toEqual(['product', 'point']);
  await handle.terminate();
  world.clearFaults();
  gate.open();
  return order.orderId;
}

it('runs at every start, and ends abandoned branches', async () => {
  const orderId = await leftBehind();
  const { adoptAfterMs } = world.recovery.ages;
  Object.assign(world.recovery, {
    ages: { ...everythingIsOld, adoptAfterMs },
    scanCancelAfterMs: 0,
  });
  await startRecovery(world, hourMs);
  await until('nothing is prepared', async () => (await preparedIn(world)).length === 0);
  expect(await stateOf(world, orderId)).toMatchObject({ decision: 'CANCEL' });
  const again = await leftBehind();
  await startRecovery(world, hourMs);
  await until('nothing is prepared', async () => (await preparedIn(world)).length === 0);
  expect(await stateOf(world, again)).toMatchObject({ decision: 'CANCEL' });
});

it('leaves an undecided order alone until its branch is old', async () => {
  const orderId = await leftBehind();
  expect(await scan(world, 60_000)).toMatchObject({ ended: 0, failed: 0, heuristic: 0 });
  expect(await preparedIn(world)).toEqual(['product', 'point']);
  expect(await stateOf(world, orderId)).toMatchObject({ decision: null });
});

it('lists the branches of another installation on its server, and never touches them', async () => {
  const second = await createTestDatabases();
  const xa = openXaOf(second).product;
  const pool = openDatabase({ url: second.url('product_worker', 'product'), poolMax: 2 });
  const other = createParticipantActivities(product, pool, xa);
  await second.stock({ apple: { available: 10 } });
  try {
    const orderId = await leftBehind();
    // Of the same order: only the installation differs.
    const command = { orderId, lines: [{ productId: 'apple', quantity: 1 }] };
    expect(await other.prepareStock([command])).toEqual([{ kind: 'done' }]);
    const { others, ...rest } = await scan(world);
    expect(rest).toEqual({ ended: 2, failed: 0, heuristic: 0 });
    // Other tests on this server may have branches too.
    expect(others).toBeGreaterThanOrEqual(1);
    expect(await preparedIn(world)).toEqual([]);
    expect(await isPrepared(second.product, xa.gtridOf(orderId), 'product')).toBe(true);
  } finally {
    await rollBackAll({ databases: second });
    await Promise.all([xa.close(), pool.destroy()]);
    await second.drop();
  }
});

it('ends a prepared branch that is recorded as ended', async () => {
  const orderId = await leftBehind();
  await world.databases
    .product('xa_branches')
    .update({ ended_as: 'rolled-back', ended_at: new Date() });
  expect(await scan(world)).toMatchObject({ ended: 2 });
  expect(await preparedIn(world)).toEqual([]);
  expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: 0 });
});

it('raises an alert for a branch that was ended by hand against the decision', async () => {
  const orderId = await leftBehind();
  await world.databases.order('orders').where('order_id', orderId).update({ decision: 'COMPLETE' });
  expect(await endByHand(world, 'point', 'ROLLBACK')).toBe(1);
  expect(await scan(world)).toMatchObject({ ended: 1, failed: 0, heuristic: 1 });
  expect(await stateOf(world, orderId)).toMatchObject({ status: 'PENDING' });
});

it('leaves alone a branch whose order does not exist, and shows it as failed', async () => {
  const orderId = await leftBehind();
  await world.databases.order('orders').where('order_id', orderId).delete();
  expect(await scan(world)).toMatchObject({ ended: 0, failed: 2 });
  expect(await preparedIn(world)).toEqual(['product', 'point']);
});
