import type { WorkflowHandle } from '@temporalio/client';
import { createOrderIntake } from '../../activities/order/intake';
import { scheduleIds, taskQueues, workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import { ensureSchedules } from '../../workers/schedules';
import { claim, createOrder, Gate, startRun, startSaga, stateOf, until } from '../support/orders';
import type { OrderSketch } from '../support/orders';
import { seldom } from '../support/schedules';
import { hurriedTiming, type World } from '../support/world';
import { lockScenarios } from './lock-scenarios';
import type { Outcome } from './outcomes';
import { startLosableWorker } from './losable-worker';

/** Brings one outcome about on a world that is empty but for its shelves; answers its workflow. */
type Scenario = (world: World) => Promise<WorkflowHandle>;

const local = { ...hurriedTiming, placement: 'local' } as const;
const impatient = { ...hurriedTiming, attemptMsMax: 500, actionMsMax: 1_000 };
/** It takes stock and then lacks the points, so that it must be compensated. */
const tooDear = { lines: { apple: 3 }, unitPrice: 100_000 };

/** Every scenario; a declared outcome without one does not compile. */
export const scenarios: Record<Outcome, Scenario> = {
  completed: (world) => ended(world, [{}], [1, 0, 0]),
  'rejected-stock': (world) => ended(world, [{ lines: { rare: 2 } }], [0, 1, 0]),
  'rejected-points': (world) => ended(world, [tooDear], [0, 1, 0]),
  'rejected-both': (world) => {
    return ended(world, [{ customerId: 'poor', lines: { rare: 4 } }], [0, 1, 0]);
  },
  'cancelled-by-customer': async (world) => {
    const order = await createOrder(world);
    world.faults.decideOrders = async (run) => {
      await createOrderIntake(world.databases.order).cancelOrder(order.orderId);
      return run();
    };
    return endedAs(await startSaga(world, [order]), [0, 1, 0]);
  },
  'cancelled-by-operator': async (world) => {
    const { handle, points } = await stoppedAtPoints(world);
    await handle.cancel();
    const cancelled = endedAs(handle, [0, 1, 0]);
    points.open();
    return cancelled;
  },
  unavailable: async (world) => {
    world.faults.deductStock = () => Promise.reject(new Error('the stock service is away'));
    return endedAs(await startSaga(world, [await createOrder(world)], impatient), [0, 1, 0]);
  },
  'broken-step': (world) => ended(world, [{ lines: { ghost: 1 } }], [0, 0, 1]),
  'compensation-failing': async (world) => {
    burnTheShelf(world);
    return ended(world, [tooDear], [0, 0, 1]);
  },
  'worker-lost-midway': async (world) => {
    await world.stopWorker('workflow');
    const lost = await startLosableWorker(world);
    const { handle, points } = await stoppedAtPoints(world);
    await lost.kill();
    points.open();
    await world.startWorker('workflow');
    return endedAs(handle, [1, 0, 0]);
  },
  'not-searchable': async (world) => {
    const order = await createOrder(world);
    const handle = await world.client.workflow.start(workflowTypes.placeOrders, {
      workflowId: await claim(world, [order]),
      taskQueue: taskQueues.workflow,
      args: [{ orders: [order], timing: hurriedTiming }],
    });
    return endedAs(handle, [1, 0, 0]);
  },
  'mixed-batch': (world) => mixedBatch(world, hurriedTiming),
  'held-up-in-batch': async (world) => {
    const held = await createOrder(world, { lines: { pear: 1 } });
    const free = await createOrder(world);
    const holder = await world.databases.product.transaction();
    await holder('products').where('product_id', 'pear').forUpdate();
    const handle = await startSaga(world, [held, free]);
    await until('the free one is completed', async () => {
      return (await stateOf(world, free.orderId)).status === 'COMPLETED';
    });
    await holder.rollback();
    return endedAs(handle, [2, 0, 0]);
  },
  'local-completed': (world) => ended(world, [{}], [1, 0, 0], local),
  'local-unavailable': async (world) => {
    world.faults.deductStock = () => Promise.reject(new Error('the stock service is away'));
    const order = await createOrder(world);
    return endedAs(await startSaga(world, [order], { ...local, actionMsMax: 1_000 }), [0, 1, 0]);
  },
  'local-compensation-failing': async (world) => {
    burnTheShelf(world);
    return ended(world, [tooDear], [0, 0, 1], local);
  },
  'local-mixed-batch': (world) => mixedBatch(world, local),
  'drain-by-schedule': async (world) => {
    await oweACompensation(world);
    world.clearFaults();
    return drainNow(world, { madeGood: 1, failed: 0 });
  },
  'drain-failing': async (world) => {
    await oweACompensation(world);
    return drainNow(world, { madeGood: 0, failed: 1 });
  },
  'drain-nothing': (world) => drainNow(world, { madeGood: 0, failed: 0 }),
  'adopt-orders': async (world) => {
    for (let i = 0; i < 2; i += 1) await claim(world, [await createOrder(world)]);
    const handle = await startAdoption(world);
    expect(await handle.result()).toEqual({ adopted: 2 });
    return handle;
  },
  'adopt-nothing': async (world) => {
    const handle = await startAdoption(world);
    expect(await handle.result()).toEqual({ adopted: 0 });
    return handle;
  },
  adopted: async (world) => {
    const order = await createOrder(world);
    await claim(world, [order]);
    return adopted(world, order, [1, 0, 0]);
  },
  'adopted-after-cancel': async (world) => {
    const { order, handle, points } = await stoppedAtPoints(world);
    await handle.terminate();
    points.open();
    await createOrderIntake(world.databases.order).cancelOrder(order.orderId);
    return adopted(world, order, [0, 1, 0]);
  },
  ...lockScenarios,
};

type Counts = [completed: number, cancelled: number, pending: number];

/** Waits for its end, and sees to it that it is the end that was meant. */
async function endedAs(
  handle: WorkflowHandle,
  [completed, cancelled, pending]: Counts,
): Promise<WorkflowHandle> {
  expect(await handle.result()).toEqual({ completed, cancelled, pending });
  return handle;
}

async function ended(
  world: World,
  sketches: OrderSketch[],
  counts: Counts,
  timing = hurriedTiming,
): Promise<WorkflowHandle> {
  const orders: PlacedOrder[] = [];
  for (const sketch of sketches) orders.push(await createOrder(world, sketch));
  return endedAs(await startSaga(world, orders, timing), counts);
}

function mixedBatch(world: World, timing: typeof hurriedTiming): Promise<WorkflowHandle> {
  const refused = [{ lines: { rare: 2 } }, { customerId: 'poor', lines: { apple: 4 } }];
  return ended(world, [{}, ...refused, { lines: { ghost: 1 } }, {}], [2, 2, 1], timing);
}

function burnTheShelf(world: World): void {
  world.faults.restoreStock = () => Promise.reject(new Error('the shelf is on fire'));
}

/** One order whose stock is taken, and whose points wait at the gate. */
async function stoppedAtPoints(world: World) {
  const points = new Gate();
  world.faults.usePoints = async (run) => {
    await points.pass();
    return run();
  };
  const order = await createOrder(world);
  const handle = await startSaga(world, [order]);
  await points.reached;
  return { order, handle, points };
}

async function oweACompensation(world: World): Promise<void> {
  burnTheShelf(world);
  await ended(world, [tooDear], [0, 0, 1]);
  await world.databases.order('compensations').update({ next_retry_at: new Date(0) });
}

/** One run of the schedule, started by the schedule itself. */
async function drainNow(
  world: World,
  result: { madeGood: number; failed: number },
): Promise<WorkflowHandle> {
  await ensureSchedules(world.client, seldom, { searchable: true });
  const schedule = world.client.schedule.getHandle(scheduleIds.drain);
  const runs = async () => (await schedule.describe()).info.recentActions;
  const before = (await runs()).length;
  await schedule.trigger();
  await until('the schedule has started a drain', async () => (await runs()).length > before);
  const last = (await runs()).at(-1);
  if (!last) throw new Error('The schedule knows nothing of the run that it was asked for');
  const handle = world.client.workflow.getHandle(last.action.workflow.workflowId);
  expect(await handle.result()).toEqual(result);
  return handle;
}

function startAdoption(world: World): Promise<WorkflowHandle> {
  return startRun(world, workflowTypes.adoptOrders, { timing: hurriedTiming, olderThanMs: 0 });
}

/** The workflow to which adoption gave this order. */
async function adopted(world: World, { orderId }: PlacedOrder, counts: Counts) {
  await (await startAdoption(world)).result();
  const { owner } = await stateOf(world, orderId);
  if (!owner?.startsWith('adopt-')) throw new Error(`${orderId} was not adopted`);
  return endedAs(world.client.workflow.getHandle(owner), counts);
}
