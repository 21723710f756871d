import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLosableWorker } from '../replay/losable-worker';
import { expectAtRest } from '../support/audited';
import { createOrder, netEffect, startOrders, until } from '../support/orders';
import { killProcess, spawnWorker } from '../support/worker-process';
import { createWorld, hurriedTiming, type World } from '../support/world';

/**
 * The workflow worker and a participant's worker are killed and down for longer than an action's
 * time.
 */

const timing = { ...hurriedTiming, attemptMsMax: 1_000, actionMsMax: 4_000 };

let world: World;
let product: ChildProcess | undefined;
let workflow: Awaited<ReturnType<typeof startLosableWorker>> | undefined;

beforeAll(async () => {
  world = await createWorld();
  await world.databases.stock({ apple: { available: 10 } });
  await world.databases.points({ anna: 10 });
  await world.stopWorker('product');
  await world.stopWorker('workflow');
});

afterAll(async () => {
  await workflow?.kill();
  if (product) await killProcess(product);
  await world.stop();
});

const startProductWorker = () =>
  spawnWorker(world, 'participant-worker', {
    PARTICIPANT: 'product',
    DATABASE_URL: world.databases.url('product_worker', 'product'),
    RECOVERY_URL: world.databases.url('product_recovery', 'product'),
    XA_SECRET: 'for these tests only',
    XA_INSTALLATION: world.databases.names.order,
  });

it('completes the order once both are back', async () => {
  // The product service is down before its step is requested.
  workflow = await startLosableWorker(world);
  const order = await createOrder(world, { lines: { apple: 2 }, unitPrice: 3 });
  const handle = await startOrders(world, 'saga', [order], timing);
  await until('the points are taken', async () => {
    return (await netEffect(world, order.orderId)).points === -6;
  });
  await workflow.kill();
  workflow = undefined;
  await sleep(timing.actionMsMax + timing.attemptMsMax);
  expect((await handle.describe()).raw.pendingActivities).toEqual([]);

  product = await startProductWorker();
  workflow = await startLosableWorker(world);
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -2, points: -6 });
  await expectAtRest(world);
  // Three real processes are started.
}, 90_000);
