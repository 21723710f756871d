import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { createOrderIntake } from '../../activities/order/intake';
import { createWorld, type World } from '../support/world';
import { alertsOf, dies, preparedIn, rollBackAll, scan } from './branches';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.stop());

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 1_000 });
});

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

const away = () => Promise.reject(new Error('the participant is away'));

it.each([
  ['commitPoints', false, 'COMPLETED', { stock: -1, points: -1 }],
  ['rollbackStock', true, 'CANCELLED', { stock: 0, points: 0 }],
] as const)(
  'a %s that keeps failing is in doubt, and goes on by itself',
  async (step, cancel, end, net) => {
    const { orderId, ...order } = await createOrder(world);
    world.faults[step] = away;
    if (cancel) {
      world.faults.decideOrders = async (run) => {
        await createOrderIntake(world.databases.order).cancelOrder(orderId);
        return run();
      };
    }
    const handle = await startOrders(world, 'xa', [{ orderId, ...order }]);
    await until('somebody is told', async () => {
      return (await alertsOf(world, orderId)).includes('branch-in-doubt');
    });
    expect(await stateOf(world, orderId)).toMatchObject({ status: 'PENDING' });
    expect(await preparedIn(world)).toEqual([step === 'commitPoints' ? 'point' : 'product']);
    // The participant is back.
    world.clearFaults();
    expect(await handle.result()).toMatchObject({ pending: 0 });
    expect(await stateOf(world, orderId)).toMatchObject({ status: end });
    expect(await alertsOf(world, orderId)).toEqual([]);
    expect(await netEffect(world, orderId)).toEqual(net);
  },
);

it('a decision raced by the scanner is one: whoever is first is obeyed by both', async () => {
  const { orderId, ...order } = await createOrder(world);
  let scanned: unknown;
  world.faults.decideOrders = async (run) => {
    // The scanner asks too, by the same step.
    delete world.faults.decideOrders;
    expect(await preparedIn(world)).toEqual(['product', 'point']);
    scanned = await scan(world);
    return run();
  };
  const handle = await startOrders(world, 'xa', [{ orderId, ...order }]);
  expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(scanned).toMatchObject({ ended: 2, failed: 0, heuristic: 0 });
  expect(await stateOf(world, orderId)).toMatchObject({ status: 'CANCELLED' });
  expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: 0 });
});

it('a scanner that comes after the decision carries it out', async () => {
  const { orderId, ...order } = await createOrder(world);
  const gate = dies(world, 'decideOrders', 'after');
  const handle = await startOrders(world, 'xa', [{ orderId, ...order }]);
  await gate.reached;
  await until('it is decided', async () => (await stateOf(world, orderId)).decision !== null);
  expect(await preparedIn(world)).toEqual(['product', 'point']);
  expect(await scan(world)).toMatchObject({ ended: 2, failed: 0, heuristic: 0 });
  expect(await netEffect(world, orderId)).toEqual({ stock: -1, points: -1 });
  world.clearFaults();
  gate.open();
  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await netEffect(world, orderId)).toEqual({ stock: -1, points: -1 });
});
