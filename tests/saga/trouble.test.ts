import { createOrder, Gate, netEffect, place, startSaga, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

const world = useWorld({
  stock: { apple: { available: 1_000 }, pear: { available: 1_000 } },
  points: { anna: 1_000 },
});

const impatient = { ...hurriedTiming, attemptMsMax: 500, actionMsMax: 2_000 };

it('makes an effect once if its reply is lost', async () => {
  const order = await createOrder(world);
  let lost = 0;
  world.faults.deductStock = async (run) => {
    const outcomes = await run();
    lost += 1;
    if (lost < 3) throw new Error('the reply is lost');
    return outcomes;
  };
  expect(await place(world, [order])).toMatchObject({ completed: 1 });
  expect(lost).toBeGreaterThanOrEqual(3);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
});

it('cancels as unavailable if an action keeps failing, and gives the other’s effect back', async () => {
  const order = await createOrder(world);
  let tries = 0;
  world.faults.deductStock = () => {
    tries += 1;
    return Promise.reject(new Error('the stock service is away'));
  };
  const handle = await startSaga(world, [order], impatient);
  expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(tries).toBeGreaterThan(1);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'CANCELLED',
    reason: 'unavailable',
  });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
});

it('refuses an action that wakes up after its compensation', async () => {
  const order = await createOrder(world);
  const frozen = new Gate();
  let answer: unknown;
  let first = true;
  world.faults.deductStock = async (run) => {
    if (!first) throw new Error('the others fail at once');
    first = false;
    await frozen.pass();
    answer = await run();
    return answer;
  };
  const handle = await startSaga(world, [order], impatient);
  await frozen.reached;
  expect(await handle.result()).toMatchObject({ cancelled: 1 });
  frozen.open();
  await until('the frozen action has answered', () => answer !== undefined);
  expect(answer).toEqual([{ kind: 'cancelled' }]);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
});

it('does not let an order with locked rows delay its neighbours', async () => {
  const held = await createOrder(world, { lines: { pear: 1 } });
  const free = await createOrder(world, { lines: { apple: 1 } });
  const holder = await world.databases.product.transaction();
  await holder('products').where('product_id', 'pear').forUpdate();
  const handle = await startSaga(world, [held, free]);
  await until('the free one is completed', async () => {
    return (await stateOf(world, free.orderId)).status === 'COMPLETED';
  });
  expect(await stateOf(world, held.orderId)).toMatchObject({ status: 'PLACING' });
  await holder.rollback();
  expect(await handle.result()).toEqual({ completed: 2, cancelled: 0, pending: 0 });
  expect(await netEffect(world, held.orderId)).toEqual({ stock: -1, points: -1 });
});

it.each(['product', 'order'] as const)(
  'a %s worker that is shut down finishes its steps: nothing is lost or doubled',
  async (service) => {
    const order = await createOrder(world);
    const step = service === 'product' ? 'deductStock' : 'decideOrders';
    const running = new Gate();
    let runs = 0;
    world.faults[step] = async (run) => {
      runs += 1;
      await running.pass();
      return run();
    };
    const handle = await startSaga(world, [order]);
    await running.reached;
    const stopped = world.stopWorker(service);
    running.open();
    await stopped;
    await world.startWorker(service);
    expect(await handle.result()).toMatchObject({ completed: 1 });
    expect(runs).toBe(1);
    expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
  },
);

it('continues where it was if the workflow’s worker is replaced midway', async () => {
  const order = await createOrder(world);
  const points = new Gate();
  world.faults.usePoints = async (run) => {
    await points.pass();
    return run();
  };
  const handle = await startSaga(world, [order]);
  await points.reached;
  await world.stopWorker('workflow');
  points.open();
  await world.startWorker('workflow');
  expect(await handle.result()).toMatchObject({ completed: 1 });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
});

it('treats an answer for too few orders as none, and gives back what may be taken', async () => {
  const orders = [await createOrder(world), await createOrder(world)];
  world.faults.deductStock = async (run) => ((await run()) as unknown[]).slice(0, 1);
  expect(await place(world, orders)).toEqual({ completed: 0, cancelled: 2, pending: 0 });
  for (const { orderId } of orders) {
    expect(await stateOf(world, orderId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'unavailable',
    });
    expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: 0 });
  }
});
