import { workflowTypes } from '../../contracts/names';
import type { AdoptInput } from '../../contracts/workflows';
import { createOrderIntake } from '../../activities/order/intake';
import { claim, createOrder, Gate, netEffect, place, runOnce, startSaga } from '../support/orders';
import { stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 100 } });

const ownersAtOnce = 5;

const adopt = (olderThanMs = 0) =>
  runOnce(world, workflowTypes.adoptOrders, {
    timing: hurriedTiming,
    olderThanMs,
    limit: ownersAtOnce,
  } satisfies AdoptInput);

async function ends(orderId: string, status: string): Promise<void> {
  await until(`${orderId} is ${status}`, async () => {
    return (await stateOf(world, orderId)).status === status;
  });
}

it('drives an order of a terminated workflow whose stock is taken', async () => {
  const order = await createOrder(world);
  const points = new Gate();
  world.faults.usePoints = async (run) => {
    await points.pass();
    return run();
  };
  const handle = await startSaga(world, [order]);
  await points.reached;
  await until('the stock is taken', async () => {
    return (await netEffect(world, order.orderId)).stock === -1;
  });
  await handle.terminate('an operator pressed Terminate');
  delete world.faults.usePoints;
  points.open();

  expect(await adopt()).toEqual({ adopted: 1 });
  await ends(order.orderId, 'COMPLETED');
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
  const { owner } = await stateOf(world, order.orderId);
  expect(owner).toMatch(/^adopt-/);
});

it('survives an API that starts its workflow after the adoption', async () => {
  const order = await createOrder(world);
  const owner = await claim(world, [order]);
  expect(await adopt()).toEqual({ adopted: 1 });
  await ends(order.orderId, 'COMPLETED');
  const late = await world.client.workflow.start(workflowTypes.placeOrders, {
    workflowId: owner,
    taskQueue: 'workflow',
    args: [{ orders: [order], timing: hurriedTiming }],
  });
  expect(await late.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
});

it('gives everything back for an order that was cancelled before its adoption', async () => {
  const order = await createOrder(world);
  const points = new Gate();
  world.faults.usePoints = () => points.pass();
  const handle = await startSaga(world, [order]);
  await points.reached;
  await until('the stock is taken', async () => {
    return (await netEffect(world, order.orderId)).stock === -1;
  });
  await handle.terminate();
  points.open();
  let asked = 0;
  world.faults.usePoints = (run) => {
    asked += 1;
    return run();
  };
  const intake = createOrderIntake(world.databases.order);
  expect(await intake.cancelOrder(order.orderId)).toBe('cancelling');
  expect(await adopt()).toEqual({ adopted: 1 });
  await ends(order.orderId, 'CANCELLED');
  expect(asked).toBe(0);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
});

it('leaves alone orders with an open owner, young ones, and those that wait for others', async () => {
  const gate = new Gate();
  world.faults.deductStock = async (run) => {
    await gate.pass();
    return run();
  };
  const busy = await createOrder(world);
  const handle = await startSaga(world, [busy]);
  await gate.reached;
  delete world.faults.deductStock;
  const young = await createOrder(world);
  await claim(world, [young]);
  const broken = await createOrder(world, { lines: { ghost: 1 } });
  expect(await place(world, [broken])).toMatchObject({ pending: 1 });
  await createOrder(world);

  expect(await adopt(60_000)).toEqual({ adopted: 0 });
  // With no minimum age adoption takes only the order that no workflow ever drove.
  expect(await adopt()).toEqual({ adopted: 1 });
  expect((await stateOf(world, young.orderId)).owner).toMatch(/^adopt-/);
  expect((await stateOf(world, busy.orderId)).owner).toBe(handle.workflowId);
  expect(await stateOf(world, broken.orderId)).toMatchObject({ status: 'PENDING' });
  gate.open();
  await handle.result();
  await ends(young.orderId, 'COMPLETED');
});

it('ends a broken order that its customer cancels', async () => {
  const broken = await createOrder(world, { lines: { ghost: 1 } });
  await place(world, [broken]);
  expect(await netEffect(world, broken.orderId)).toEqual({ stock: 0, points: -1 });
  const intake = createOrderIntake(world.databases.order);
  expect(await intake.cancelOrder(broken.orderId)).toBe('cancelling');
  expect(await adopt()).toEqual({ adopted: 1 });
  await ends(broken.orderId, 'CANCELLED');
  expect(await netEffect(world, broken.orderId)).toEqual({ stock: 0, points: 0 });
  expect(await world.databases.order('alerts').whereNull('resolved_at')).toEqual([]);
});

it('completes a broken order, and resolves its alert, once the fault is removed', async () => {
  const broken = await createOrder(world, { lines: { ghost: 1 } });
  await place(world, [broken]);
  await world.databases.stock({ ghost: { available: 5 } });
  expect(await adopt()).toEqual({ adopted: 0 });
  // The state that a terminated retry of an operator leaves.
  await world.databases
    .order('orders')
    .where('order_id', broken.orderId)
    .update({ owner: 'nobody', waits_for: null });
  expect(await adopt()).toEqual({ adopted: 1 });
  await ends(broken.orderId, 'COMPLETED');
  expect(await netEffect(world, broken.orderId)).toEqual({ stock: -1, points: -1 });
  expect(await world.databases.order('alerts').whereNull('resolved_at')).toEqual([]);
});

it('finds orphans beyond the owners of one query', async () => {
  // More owners than two queries return, and all are gone.
  const orders = [];
  for (let i = 0; i < 2 * ownersAtOnce + 1; i += 1) {
    const order = await createOrder(world, { customerId: 'anna', unitPrice: 1 });
    orders.push(order);
    await claim(world, [order]);
  }
  await world.databases.points({ anna: 1_000 });
  expect(await adopt()).toEqual({ adopted: 2 * ownersAtOnce + 1 });
  for (const { orderId } of orders) await ends(orderId, 'COMPLETED');
});
