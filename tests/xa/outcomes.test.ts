import { createOrderIntake } from '../../activities/order/intake';
import {
  createOrder,
  Gate,
  netEffect,
  place,
  startOrders,
  stateOf,
  until,
} from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { adopt, alertsOf, notesOf, preparedIn, rollBackAll, scan } from './branches';

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000, poor: 3 },
});

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

const completed = { completed: 1, cancelled: 0, pending: 0 };
const cancelled = { completed: 0, cancelled: 1, pending: 0 };
const nothing = { stock: 0, points: 0 };

it('completes an order, and takes stock and points once', async () => {
  const order = await createOrder(world, { lines: { apple: 2, rare: 1 }, unitPrice: 5 });
  expect(await place(world, [order], 'xa')).toEqual(completed);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'COMPLETED',
    decision: 'COMPLETE',
    reason: null,
  });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -15 });
  expect(await notesOf(world, order.orderId)).toEqual({ product: 'committed', point: 'committed' });
});

it('shows nothing before the decision, and locks its rows', async () => {
  const order = await createOrder(world);
  const decision = new Gate();
  world.faults.decideOrders = async (run) => {
    await decision.pass();
    return run();
  };
  const handle = await startOrders(world, 'xa', [order]);
  await decision.reached;
  expect(await preparedIn(world)).toEqual(['product', 'point']);
  expect(await netEffect(world, order.orderId)).toEqual(nothing);
  const [rows] = (await world.databases.product.raw(
    'SELECT product_id FROM products FOR UPDATE SKIP LOCKED',
  )) as [{ product_id: string }[]];
  expect(rows.map((row) => row.product_id)).toEqual(['rare']);
  decision.open();
  expect(await handle.result()).toEqual(completed);
});

it.each([
  ['stock is short', { lines: { rare: 2 } }, 'insufficient-stock', 'rejected', 'rolled-back'],
  [
    'points are short',
    { customerId: 'poor', lines: { apple: 4 } },
    'insufficient-points',
    'rolled-back',
    'rejected',
  ],
])('cancels an order if %s, and takes nothing', async (_, sketch, reason, product, point) => {
  const order = await createOrder(world, sketch);
  expect(await place(world, [order], 'xa')).toEqual(cancelled);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED', reason });
  expect(await netEffect(world, order.orderId)).toEqual(nothing);
  const ended = await notesOf(world, order.orderId);
  // A participant that was never asked has no branch, but its tombstone exists.
  expect(ended).toEqual({ product, point: product === 'rejected' ? undefined : point });
  expect(await preparedIn(world)).toEqual([]);
});

it('a customer who cancels while both are prepared wins, and both are rolled back', async () => {
  const order = await createOrder(world);
  const intake = createOrderIntake(world.databases.order);
  let cancels = 0;
  world.faults.decideOrders = async (run) => {
    expect(await preparedIn(world)).toEqual(['product', 'point']);
    expect(await intake.cancelOrder(order.orderId)).toBe('cancelling');
    cancels += 1;
    return run();
  };
  expect(await place(world, [order], 'xa')).toEqual(cancelled);
  expect(cancels).toBe(1);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'CANCELLED',
    reason: 'cancelled-by-customer',
  });
  expect(await netEffect(world, order.orderId)).toEqual(nothing);
  expect(await preparedIn(world)).toEqual([]);
});

it('a customer who cancels after the decision is refused', async () => {
  const order = await createOrder(world);
  const intake = createOrderIntake(world.databases.order);
  let asked = 0;
  world.faults.commitStock = async (run) => {
    expect(await intake.cancelOrder(order.orderId)).toBe('completed');
    asked += 1;
    return run();
  };
  expect(await place(world, [order], 'xa')).toEqual(completed);
  expect(asked).toBe(1);
});

it('a Temporal cancel after the prepares leads to CANCEL', async () => {
  const order = await createOrder(world);
  const points = new Gate();
  world.faults.preparePoints = async (run) => {
    await points.pass();
    return run();
  };
  const handle = await startOrders(world, 'xa', [order]);
  await points.reached;
  expect(await preparedIn(world)).toEqual(['product']);
  await handle.cancel();
  expect(await handle.result()).toEqual(cancelled);
  // The prepare that comes now finds the tombstone.
  points.open();
  expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'cancelled-by-operator' });
  await until('the late prepare has ended', async () => {
    const { point } = await notesOf(world, order.orderId);
    return point === 'rolled-back';
  });
  expect(await preparedIn(world)).toEqual([]);
  expect(await netEffect(world, order.orderId)).toEqual(nothing);
});

it.each(['prepareStock', 'preparePoints'] as const)(
  'a %s that keeps failing cancels the order as unavailable',
  async (step) => {
    const order = await createOrder(world);
    let tries = 0;
    world.faults[step] = () => {
      tries += 1;
      return Promise.reject(new Error('away'));
    };
    const timing = { ...hurriedTiming, actionMsMax: 3_000 };
    expect(await (await startOrders(world, 'xa', [order], timing)).result()).toEqual(cancelled);
    expect(tries).toBeGreaterThan(1);
    expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'unavailable' });
    expect(await preparedIn(world)).toEqual([]);
    expect(await netEffect(world, order.orderId)).toEqual(nothing);
  },
);

it('a broken step waits for an operator; the scanner frees what was prepared beside it', async () => {
  const order = await createOrder(world);
  world.faults.preparePoints = () =>
    Promise.resolve([{ kind: 'broken', code: 'guard-violated' }] as const);
  expect(await place(world, [order], 'xa')).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  expect(await alertsOf(world, order.orderId)).toEqual(['broken-step']);
  expect(await preparedIn(world)).toEqual(['product']);
  // The scanner leaves it alone while a workflow may still decide.
  expect(await scan(world, 60_000)).toMatchObject({ ended: 0 });
  expect(await preparedIn(world)).toEqual(['product']);
  expect(await scan(world)).toMatchObject({ ended: 1 });
  expect(await preparedIn(world)).toEqual([]);
  expect(await stateOf(world, order.orderId)).toMatchObject({ decision: 'CANCEL' });
  // After the decision it no longer needs an operator.
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await until('it is cancelled', async () => {
    return (await stateOf(world, order.orderId)).status === 'CANCELLED';
  });
  expect(await alertsOf(world, order.orderId)).toEqual([]);
});

it('an unknown product is a broken step, and leaves no branch', async () => {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  expect(await place(world, [order], 'xa')).toMatchObject({ pending: 1 });
  expect(await alertsOf(world, order.orderId)).toEqual(['broken-step']);
  expect(await preparedIn(world)).toEqual([]);
  expect(await notesOf(world, order.orderId)).toMatchObject({ product: 'rolled-back' });
});

it('makes an effect once if every reply is lost the first time', async () => {
  const order = await createOrder(world);
  const lost = new Set<string>();
  for (const step of [
    'prepareStock',
    'preparePoints',
    'decideOrders',
    'commitStock',
    'commitPoints',
    'completeOrders',
  ] as const) {
    world.faults[step] = async (run) => {
      const answer = await run();
      if (lost.has(step)) return answer;
      lost.add(step);
      throw new Error('the reply is lost');
    };
  }
  expect(await place(world, [order], 'xa')).toEqual(completed);
  expect(lost.size).toBe(6);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
  expect(await preparedIn(world)).toEqual([]);
});

it('many orders for one product are placed one after the other, each once', async () => {
  const orders = await Promise.all(Array.from({ length: 4 }, () => createOrder(world)));
  // Each waits for those before it, which lock the product's row until they are decided.
  const patient = { ...hurriedTiming, actionMsMax: 60_000 };
  const handles = await Promise.all(
    orders.map((order) => startOrders(world, 'xa', [order], patient)),
  );
  const results = await Promise.all(handles.map((handle) => handle.result()));
  expect(results).toEqual(orders.map(() => completed));
  for (const { orderId } of orders) {
    expect(await netEffect(world, orderId)).toEqual({ stock: -1, points: -1 });
  }
});
