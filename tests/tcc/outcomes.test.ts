import { createOrderIntake } from '../../activities/order/intake';
import { createOrder, Gate, netEffect, place, startOrders, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';
import { expectClean, holdings, statesOf } from './reservations';

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000, poor: 3 },
});

const before = {
  stock: { apple: '1000+0', rare: '1+0' },
  points: { anna: '10000+0', poor: '3+0' },
};

it('completes an order: reserves first, and takes it out of the books once', async () => {
  const order = await createOrder(world, { lines: { apple: 2, rare: 1 }, unitPrice: 5 });
  const seen: unknown[] = [];
  world.faults.decideOrders = async (run) => {
    seen.push(await holdings(world), await netEffect(world, order.orderId));
    return run();
  };
  expect(await place(world, [order], 'tcc')).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(seen).toEqual([
    { stock: { apple: '998+2', rare: '0+1' }, points: { anna: '9985+15', poor: '3+0' } },
    { stock: 0, points: 0 },
  ]);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'COMPLETED',
    decision: 'COMPLETE',
    reason: null,
  });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -15 });
  expect(await holdings(world)).toEqual({
    stock: { apple: '998+0', rare: '0+0' },
    points: { anna: '9985+0', poor: '3+0' },
  });
  expect(await statesOf(world, order.orderId)).toEqual(['confirmed', 'confirmed']);
  await expectClean(world);
});

it('confirms nothing before COMPLETE has been read; until then the order is PLACING', async () => {
  const order = await createOrder(world);
  const seen: unknown[] = [];
  const look = async (run: () => Promise<unknown>) => {
    const { status, decision } = await stateOf(world, order.orderId);
    seen.push([status, decision]);
    return run();
  };
  world.faults.confirmStock = look;
  world.faults.confirmPoints = look;
  await place(world, [order], 'tcc');
  expect(seen).toEqual([
    ['PLACING', 'COMPLETE'],
    ['PLACING', 'COMPLETE'],
  ]);
});

it.each([
  ['stock is short', { lines: { rare: 2 } }, 'insufficient-stock'],
  ['points are short', { customerId: 'poor', lines: { apple: 4 } }, 'insufficient-points'],
  // The stock's reason takes precedence over the points'.
  ['both are short', { customerId: 'poor', lines: { rare: 4 } }, 'insufficient-stock'],
])('cancels an order if %s, and everything is available again', async (_when, sketch, reason) => {
  const order = await createOrder(world, sketch);
  const decisions: (string | null)[] = [];
  const look = async (run: () => Promise<unknown>) => {
    decisions.push((await stateOf(world, order.orderId)).decision);
    return run();
  };
  world.faults.cancelStock = look;
  world.faults.cancelPoints = look;
  expect(await place(world, [order], 'tcc')).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(decisions).toEqual(['CANCEL', 'CANCEL']);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED', reason });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
  expect(await holdings(world)).toEqual(before);
  await expectClean(world);
});

it('cancels as unavailable if a try keeps failing', async () => {
  const order = await createOrder(world);
  let tries = 0;
  world.faults.tryPoints = () => {
    tries += 1;
    return Promise.reject(new Error('away'));
  };
  expect(await place(world, [order], 'tcc')).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(tries).toBeGreaterThan(1);
  expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'unavailable' });
  expect(await holdings(world)).toEqual(before);
  await expectClean(world);
});

it('a customer’s cancel during the tries takes effect', async () => {
  const order = await createOrder(world);
  const intake = createOrderIntake(world.databases.order);
  const gate = new Gate();
  world.faults.tryPoints = async (run) => {
    const outcome = await run();
    await gate.pass();
    return outcome;
  };
  const handle = await startOrders(world, 'tcc', [order]);
  await gate.reached;
  expect(await intake.cancelOrder(order.orderId)).toBe('cancelling');
  gate.open();
  expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'cancelled-by-customer' });
  expect(await holdings(world)).toEqual(before);
  await expectClean(world);
});

it('a customer’s cancel during the confirms is refused', async () => {
  const order = await createOrder(world);
  const intake = createOrderIntake(world.databases.order);
  const gate = new Gate();
  world.faults.confirmPoints = async (run) => {
    await gate.pass();
    return run();
  };
  const handle = await startOrders(world, 'tcc', [order]);
  await gate.reached;
  expect(await intake.cancelOrder(order.orderId)).toBe('completed');
  gate.open();
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  await expectClean(world);
});

it('a Temporal cancel cancels the order during the tries, and changes no decision', async () => {
  const early = await createOrder(world);
  const late = await createOrder(world);
  const tried = new Gate();
  world.faults.tryPoints = async (run) => {
    await tried.pass();
    return run();
  };
  const cancelled = await startOrders(world, 'tcc', [early]);
  await tried.reached;
  await cancelled.cancel();
  tried.open();
  expect(await cancelled.result()).toMatchObject({ cancelled: 1 });
  expect(await stateOf(world, early.orderId)).toMatchObject({ reason: 'cancelled-by-operator' });

  delete world.faults.tryPoints;
  const confirming = new Gate();
  world.faults.confirmStock = async (run) => {
    await confirming.pass();
    return run();
  };
  const completed = await startOrders(world, 'tcc', [late]);
  await confirming.reached;
  await completed.cancel();
  confirming.open();
  expect(await completed.result()).toMatchObject({ completed: 1 });
  await expectClean(world);
});

it('decides several orders, each by itself: one broken, two rejected, the others completed', async () => {
  const fine = [await createOrder(world), await createOrder(world, { lines: { apple: 7 } })];
  const broken = await createOrder(world, { lines: { ghost: 1 } });
  const short = [
    await createOrder(world, { lines: { rare: 2 } }),
    await createOrder(world, { customerId: 'poor', lines: { apple: 4 } }),
  ];
  const result = await place(world, [...fine, broken, ...short], 'tcc');
  expect(result).toEqual({ completed: 2, cancelled: 2, pending: 1 });
  expect(await stateOf(world, broken.orderId)).toMatchObject({ status: 'PENDING', decision: null });
});
