import type { PlacedOrder } from '../../contracts/order';
import {
  claim,
  createOrder,
  Gate,
  netEffect,
  startOrders,
  stateOf,
  until,
} from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { expectClean, statesOf } from './reservations';
import { adopt, sweep } from './schedule-runs';

/** A workflow that is lost at any point: adoption finishes its order. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 10_000 } });

const ends = (orderId: string, status: string) =>
  until(`${orderId} is ${status}`, async () => (await stateOf(world, orderId)).status === status);

/** Terminates the order's workflow at this step, before or after its effect. */
async function lostAt(
  order: PlacedOrder,
  step: 'tryPoints' | 'decideOrders' | 'confirmPoints' | 'cancelPoints' | 'completeOrders',
  window: 'before' | 'after',
): Promise<Gate> {
  const gate = new Gate();
  world.faults[step] = async (run) => {
    const outcome = window === 'after' ? await run() : undefined;
    await gate.pass();
    return outcome ?? run();
  };
  const handle = await startOrders(world, 'tcc', [order]);
  await gate.reached;
  await handle.terminate('an operator pressed Terminate');
  Reflect.deleteProperty(world.faults, step);
  return gate;
}

it.each([
  ['tryPoints', 'before'],
  ['tryPoints', 'after'],
  ['decideOrders', 'before'],
  ['decideOrders', 'after'],
  ['confirmPoints', 'before'],
  ['confirmPoints', 'after'],
  ['completeOrders', 'before'],
] as const)('is lost at %s, %s its effect: the order completes', async (step, window) => {
  const order = await createOrder(world, { lines: { apple: 3 } });
  const gate = await lostAt(order, step, window);
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await ends(order.orderId, 'COMPLETED');
  // The delayed step arrives now, after the end, and changes nothing.
  gate.open();
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -3 });
  await expectClean(world);
});

it.each(['before', 'after'] as const)('is lost at cancelPoints, %s its effect', async (window) => {
  const order = await createOrder(world, { lines: { apple: 2_000 } });
  const gate = await lostAt(order, 'cancelPoints', window);
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await ends(order.orderId, 'CANCELLED');
  gate.open();
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
  await expectClean(world);
});

it('a sweep ends the reservations of an abandoned order, and adoption the order', async () => {
  const order = await createOrder(world, { lines: { apple: 3 } });
  const gate = await lostAt(order, 'confirmPoints', 'before');
  await until('the stock is confirmed', async () => {
    return (await statesOf(world, order.orderId)).join() === 'confirmed,reserved';
  });
  expect(await sweep(world)).toEqual({ confirmed: 1, cancelled: 0, held: 0 });
  gate.open();
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await ends(order.orderId, 'COMPLETED');
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -3 });
  await expectClean(world);
});

it('an owner that wakes up after the adoption and its cancel reserves nothing', async () => {
  const order = await createOrder(world, { lines: { apple: 3 } });
  const owner = await claim(world, [order], 'tcc');
  await world.databases
    .order('orders')
    .update({ decision: 'CANCEL', reason: 'cancelled-by-customer' });
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await ends(order.orderId, 'CANCELLED');
  const late = await world.client.workflow.start('placeByTcc', {
    workflowId: owner,
    taskQueue: 'workflow',
    args: [{ orders: [order], timing: hurriedTiming }],
  });
  expect(await late.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  await expectClean(world);
});

it('continues where it was if the workflow’s worker is replaced between the confirms', async () => {
  const order = await createOrder(world, { lines: { apple: 3 } });
  const gate = new Gate();
  world.faults.confirmPoints = async (run) => {
    await gate.pass();
    return run();
  };
  const handle = await startOrders(world, 'tcc', [order]);
  await gate.reached;
  await world.stopWorker('workflow');
  gate.open();
  await world.startWorker('workflow');
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -3 });
  await expectClean(world);
});
