import type { ChildProcess } from 'node:child_process';
import { once as onceEmitted } from 'node:events';
import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { midwayOf, spawnLockWorker, type Midway } from './midway';

/** The real lock worker is killed or frozen in the middle of a transaction. */

let world: World;
let midway: Midway;
let worker: ChildProcess;

beforeAll(async () => {
  world = await createWorld();
  midway = midwayOf(world);
});

afterAll(() => world.stop());

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 10 } });
  await world.databases.points({ anna: 10 });
  await world.stopWorker('lock');
  worker = await spawnLockWorker(world, 20);
});

afterEach(async () => {
  worker.kill('SIGKILL');
  await midway.letGo();
  await world.stopWorker('lock');
});

const patient = { ...hurriedTiming, actionMsMax: 30_000 };
const impatient = { ...hurriedTiming, attemptMsMax: 500, actionMsMax: 1_500 };
const untouched = { stock: 0, points: 0 };
const once = { stock: -1, points: -1 };

/** MySQL notices a client's death only after the client's statement has ended its wait. */
async function dies(): Promise<void> {
  worker.kill('SIGKILL');
  await onceEmitted(worker, 'exit');
  await midway.letGo();
  await midway.left();
}

it('leaves nothing half done if its process is killed, and another process makes it', async () => {
  await midway.holdPoints();
  const order = await createOrder(world);
  const handle = await startOrders(world, 'lock', [order], patient);
  await midway.reached();
  await dies();
  expect(await netEffect(world, order.orderId)).toEqual(untouched);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PLACING', decision: null });
  await world.startWorker('lock');
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await netEffect(world, order.orderId)).toEqual(once);
});

describe('a transaction that is given up in the middle', () => {
  /** CANCEL waits for the row that the transaction has locked. */
  async function cancelWaits() {
    let asked = 0;
    world.faults.decideOrders = (run) => {
      asked += 1;
      return run();
    };
    await midway.holdPoints();
    const order = await createOrder(world);
    const handle = await startOrders(world, 'lock', [order], impatient);
    await midway.reached();
    await until('CANCEL has been asked for', () => asked > 0);
    expect(await stateOf(world, order.orderId)).toMatchObject({ decision: null });
    return { order, handle };
  }

  it('completes if it continues: CANCEL waits for it and gets COMPLETE', async () => {
    const { order, handle } = await cancelWaits();
    await midway.letGo();
    expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'COMPLETED',
      reason: null,
    });
    expect(await netEffect(world, order.orderId)).toEqual(once);
  });

  it('is cancelled if it dies: its row is free, and nothing was taken', async () => {
    const { order, handle } = await cancelWaits();
    await dies();
    expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'unavailable',
    });
    expect(await netEffect(world, order.orderId)).toEqual(untouched);
  });
});
