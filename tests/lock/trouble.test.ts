import { createOrderIntake } from '../../activities/order/intake';
import { workflowTypes } from '../../contracts/names';
import type { AdoptInput } from '../../contracts/workflows';
import { claim, createOrder, Gate, netEffect, place, runOnce } from '../support/orders';
import { startOrders, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

const world = useWorld({
  stock: { apple: { available: 1_000 }, pear: { available: 1_000 } },
  points: { anna: 1_000 },
});

const impatient = { ...hurriedTiming, attemptMsMax: 500, actionMsMax: 1_500 };
const untouched = { stock: 0, points: 0 };
const once = { stock: -1, points: -1 };

const adopt = () =>
  runOnce(world, workflowTypes.adoptOrders, {
    timing: hurriedTiming,
    olderThanMs: 0,
    limit: 5,
  } satisfies AdoptInput);

async function ends(orderId: string, status: string): Promise<void> {
  await until(`${orderId} is ${status}`, async () => {
    return (await stateOf(world, orderId)).status === status;
  });
}

it.each(['separate', 'local'] as const)(
  'cancels as unavailable if the transaction keeps failing (%s)',
  async (placement) => {
    const order = await createOrder(world);
    let tries = 0;
    world.faults.placeInOneTransaction = () => {
      tries += 1;
      return Promise.reject(new Error('the databases are away'));
    };
    const handle = await startOrders(world, 'lock', [order], { ...impatient, placement });
    expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(tries).toBeGreaterThan(1);
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'unavailable',
    });
    expect(await netEffect(world, order.orderId)).toEqual(untouched);
  },
);

it('finds the order completed if only the answers were lost', async () => {
  const order = await createOrder(world);
  let made = 0;
  world.faults.placeInOneTransaction = async (run) => {
    await run();
    made += 1;
    throw new Error('the reply is lost');
  };
  const handle = await startOrders(world, 'lock', [order], impatient);
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(made).toBeGreaterThan(1);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'COMPLETED', reason: null });
  expect(await netEffect(world, order.orderId)).toEqual(once);
});

it('refuses a transaction that wakes up after CANCEL', async () => {
  const order = await createOrder(world);
  const frozen = new Gate();
  let answer: unknown;
  let first = true;
  world.faults.placeInOneTransaction = async (run) => {
    if (!first) throw new Error('the others fail at once');
    first = false;
    await frozen.pass();
    answer = await run();
    return answer;
  };
  const handle = await startOrders(world, 'lock', [order], impatient);
  await frozen.reached;
  expect(await handle.result()).toMatchObject({ cancelled: 1 });
  frozen.open();
  await until('the frozen transaction has answered', () => answer !== undefined);
  expect(answer).toEqual([{ kind: 'cancelled' }]);
  expect(await netEffect(world, order.orderId)).toEqual(untouched);
});

it('waits for a locked product, and does not delay its neighbours', async () => {
  const held = await createOrder(world, { lines: { pear: 1 } });
  const free = await createOrder(world, { lines: { apple: 1 }, customerId: 'bert' });
  await world.databases.points({ bert: 1 });
  const holder = await world.databases.product.transaction();
  await holder('products').where('product_id', 'pear').forUpdate();
  const handle = await startOrders(world, 'lock', [held, free]);
  await ends(free.orderId, 'COMPLETED');
  expect(await stateOf(world, held.orderId)).toMatchObject({ status: 'PLACING' });
  await holder.rollback();
  expect(await handle.result()).toEqual({ completed: 2, cancelled: 0, pending: 0 });
  expect(await netEffect(world, held.orderId)).toEqual(once);
});

describe('a Temporal cancel', () => {
  it('cancels an order whose transaction has not begun', async () => {
    const order = await createOrder(world);
    const gate = new Gate();
    let answer: unknown;
    world.faults.placeInOneTransaction = async (run) => {
      await gate.pass();
      answer = await run();
      return answer;
    };
    const handle = await startOrders(world, 'lock', [order]);
    await gate.reached;
    await handle.cancel();
    expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    gate.open();
    await until('the late transaction has answered', () => answer !== undefined);
    expect(answer).toEqual([{ kind: 'cancelled' }]);
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'cancelled-by-operator',
    });
    expect(await netEffect(world, order.orderId)).toEqual(untouched);
  });

  it('changes nothing for an order whose transaction is committed', async () => {
    const order = await createOrder(world);
    const made = new Gate();
    world.faults.placeInOneTransaction = async (run) => {
      const outcomes = await run();
      await made.pass();
      return outcomes;
    };
    const handle = await startOrders(world, 'lock', [order]);
    await made.reached;
    await handle.cancel();
    expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
    made.open();
    expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'COMPLETED' });
    expect(await netEffect(world, order.orderId)).toEqual(once);
  });
});

describe('adoption', () => {
  it('ends an order that its customer cancelled, without requesting the transaction', async () => {
    const order = await createOrder(world);
    await claim(world, [order], 'lock');
    await createOrderIntake(world.databases.order).cancelOrder(order.orderId);
    let asked = 0;
    world.faults.placeInOneTransaction = (run) => {
      asked += 1;
      return run();
    };
    expect(await adopt()).toEqual({ adopted: 1 });
    await ends(order.orderId, 'CANCELLED');
    expect(asked).toBe(0);
    expect(await netEffect(world, order.orderId)).toEqual(untouched);
  });
});

it('a lock worker that is shut down finishes its steps: nothing is lost or doubled', async () => {
  const order = await createOrder(world);
  const running = new Gate();
  let runs = 0;
  world.faults.placeInOneTransaction = async (run) => {
    runs += 1;
    await running.pass();
    return run();
  };
  const handle = await startOrders(world, 'lock', [order]);
  await running.reached;
  const stopped = world.stopWorker('lock');
  running.open();
  await stopped;
  await world.startWorker('lock');
  expect(await handle.result()).toMatchObject({ completed: 1 });
  expect(runs).toBe(1);
  expect(await netEffect(world, order.orderId)).toEqual(once);
});

it('reads the orders’ rows if a step answers for too few orders', async () => {
  const orders = [await createOrder(world), await createOrder(world)];
  world.faults.placeInOneTransaction = async (run) => ((await run()) as unknown[]).slice(0, 1);
  expect(await place(world, orders, 'lock')).toEqual({ completed: 2, cancelled: 0, pending: 0 });
  for (const { orderId } of orders) expect(await netEffect(world, orderId)).toEqual(once);
});
