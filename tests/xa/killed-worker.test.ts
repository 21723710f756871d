import type { ChildProcess } from 'node:child_process';
import { LossyProxy } from '../api/lossy-proxy';
import { expectAtRest } from '../support/audited';
import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { mysqlServer } from '../support/servers';
import { killProcess, spawnWorker } from '../support/worker-process';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { notesOf, preparedIn } from './branches';

/** The real product worker is killed with its branch prepared; its workflow stays open. */

let world: World;
let proxy: LossyProxy;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  world = await createWorld();
  proxy = await LossyProxy.start(mysqlServer());
  await world.databases.stock({ apple: { available: 10 } });
  await world.databases.points({ anna: 10 });
  await world.stopWorker('product');
});

afterAll(async () => {
  await Promise.all(workers.map(killProcess));
  await proxy.stop();
  await world.stop();
});

async function startProductWorker(databaseUrl: string): Promise<ChildProcess> {
  const worker = await spawnWorker(world, 'participant-worker', {
    PARTICIPANT: 'product',
    DATABASE_URL: databaseUrl,
    RECOVERY_URL: world.databases.url('product_recovery', 'product'),
    XA_SECRET: 'for these tests only',
    XA_INSTALLATION: world.databases.names.order,
  });
  workers.push(worker);
  return worker;
}

it('between prepare and decision: another worker is asked and finds the branch', async () => {
  const url = world.databases.url('product_worker', 'product');
  const first = await startProductWorker(proxy.through(url));
  // The branch is prepared, and the worker waits for an answer that never comes.
  proxy.freezeAfter = 'XA PREPARE';
  const order = await createOrder(world, { lines: { apple: 2 }, unitPrice: 3 });
  const timing = { ...hurriedTiming, actionMsMax: 25_000 };
  const handle = await startOrders(world, 'xa', [order], timing);
  await until('the branch is prepared', async () => (await preparedIn(world)).length > 0);
  await killProcess(first);
  expect(await preparedIn(world)).toEqual(['product']);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PLACING', decision: null });
  expect((await handle.describe()).status.name).toBe('RUNNING');

  const second = await startProductWorker(url);
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  const { events = [] } = await handle.fetchHistory();
  const starts = (events ?? []).flatMap(({ activityTaskStartedEventAttributes: begun }) =>
    begun ? [{ attempt: begun.attempt, identity: begun.identity }] : [],
  );
  // The first activity, the prepare, was retried; its last failure is the lost worker's.
  expect(starts[0]).toEqual({ attempt: 2, identity: `product-worker@${String(second.pid)}` });
  expect(await preparedIn(world)).toEqual([]);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -2, points: -6 });
  expect(await notesOf(world, order.orderId)).toEqual({
    product: 'committed',
    point: 'committed',
  });
  await expectAtRest(world);
});
