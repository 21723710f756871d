import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { createOrderIntake } from '../../activities/order/intake';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { alertsOf, endByHand, notesOf, preparedIn, putRight, rollBackAll } from './branches';

/** An operator ends a prepared branch by hand, without the coordinator. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 1_000 } });

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

const timing = { ...hurriedTiming, retryMsMax: 200 };
const ends = (orderId: string, status: string) =>
  until(`it is ${status}`, async () => (await stateOf(world, orderId)).status === status);

/** Ends the points' branch by hand once both are prepared, then lets the coordinator continue. */
async function endedByHand(how: 'COMMIT' | 'ROLLBACK', cancel: boolean) {
  const order = await createOrder(world, { lines: { apple: 2 }, unitPrice: 5 });
  let byHand = 0;
  world.faults.decideOrders = async (run) => {
    expect(await preparedIn(world)).toEqual(['product', 'point']);
    byHand += await endByHand(world, 'point', how);
    if (cancel) await createOrderIntake(world.databases.order).cancelOrder(order.orderId);
    return run();
  };
  const handle = await startOrders(world, 'xa', [order], timing);
  await until('it is decided', async () => (await stateOf(world, order.orderId)).decision !== null);
  expect(byHand).toBe(1);
  return { orderId: order.orderId, handle };
}

async function isHeuristic(orderId: string): Promise<void> {
  await until('the alert is there', async () => {
    return (await alertsOf(world, orderId)).includes('heuristic-outcome');
  });
  expect(await stateOf(world, orderId)).toMatchObject({ status: 'PENDING' });
}

it('COMPLETE, and rolled back: found, never a success, and ends once corrected', async () => {
  const { orderId, handle } = await endedByHand('ROLLBACK', false);
  await isHeuristic(orderId);
  expect(await netEffect(world, orderId)).toEqual({ stock: -2, points: 0 });
  expect(await notesOf(world, orderId)).toEqual({
    product: 'committed',
    point: 'heuristic-rollback',
  });
  await putRight(world, orderId, 'use', 10);
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  await ends(orderId, 'COMPLETED');
  expect(await alertsOf(world, orderId)).toEqual([]);
  expect(await notesOf(world, orderId)).toEqual({ product: 'committed', point: 'committed' });
});

it('CANCEL, and committed: found, never closed, and ends once given back', async () => {
  const { orderId, handle } = await endedByHand('COMMIT', true);
  await isHeuristic(orderId);
  expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: -10 });
  expect(await notesOf(world, orderId)).toEqual({
    product: 'rolled-back',
    point: 'heuristic-commit',
  });
  await putRight(world, orderId, 'refund', 10);
  expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  await ends(orderId, 'CANCELLED');
  expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: 0 });
  expect(await alertsOf(world, orderId)).toEqual([]);
});

it.each([
  ['COMMIT', false, 'COMPLETED', { stock: -2, points: -10 }],
  ['ROLLBACK', true, 'CANCELLED', { stock: 0, points: 0 }],
] as const)(
  'a %s by hand that agrees with the decision is no fault',
  async (how, cancel, end, net) => {
    const { orderId, handle } = await endedByHand(how, cancel);
    await handle.result();
    await ends(orderId, end);
    expect(await netEffect(world, orderId)).toEqual(net);
    expect(await alertsOf(world, orderId)).toEqual([]);
  },
);
