import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { createOrderIntake } from '../../activities/order/intake';
import { apiOf, type WorldApi } from '../support/world-api';
import { createWorld, type World } from '../support/world';
import { alertsOf, dies, preparedIn, rollBackAll, scan } from './branches';

let world: World;
let shop: WorldApi;

beforeAll(async () => {
  world = await createWorld();
  shop = apiOf(world);
});

afterAll(async () => {
  await shop.close();
  await world.stop();
});

beforeEach(async () => {
  await world.databases.empty();
  const some = { available: 1_000 };
  await world.databases.stock({ apple: some, pear: some, plum: some });
  await world.databases.points({ anna: 1_000, bert: 1_000 });
});

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

const away = () => Promise.reject(new Error('the participant is away'));

/** The locked rows of products and accounts. */
async function withheldRows(): Promise<string[]> {
  const { product, point } = world.databases;
  const tables = [
    { of: product, table: 'products', key: 'product_id' },
    { of: point, table: 'point_accounts', key: 'customer_id' },
  ];
  const withheld = tables.map(async ({ of, table, key }) => {
    const free = await of(table).forUpdate().skipLocked().pluck<string[]>(key);
    const all = await of(table).orderBy(key).pluck<string[]>(key);
    return all.filter((id) => !free.includes(id)).map((id) => `${table} ${id}`);
  });
  return (await Promise.all(withheld)).flat();
}

/** What staff and the customer see of the branch in doubt. */
async function shown(orderId: string) {
  const list = await shop.read('/operator/in-doubt', 'vera', 'viewer');
  const order = await shop.read(`/orders/${orderId}`, 'anna', 'customer');
  return {
    staff: list['branches'] as { ageMs: number; lockedRows: string[] }[],
    customer: order['inDoubt'] as { ageMs: number }[] | undefined,
  };
}

it.each([
  ['commitPoints', false, 'COMPLETED', { stock: -2, points: -2 }, ['point_accounts anna']],
  [
    'rollbackStock',
    true,
    'CANCELLED',
    { stock: 0, points: 0 },
    ['products apple', 'products pear'],
  ],
] as const)(
  'a %s that keeps failing is in doubt, its locks can be read, and it goes on by itself',
  async (step, cancel, end, net, locked) => {
    const { orderId, ...order } = await createOrder(world, { lines: { apple: 1, pear: 1 } });
    world.faults[step] = away;
    if (cancel) {
      world.faults.decideOrders = async (run) => {
        await createOrderIntake(world.databases.order).cancelOrder(orderId);
        return run();
      };
    }
    const handle = await startOrders(world, 'xa', [{ orderId, ...order }]);
    await until('an alert is raised', async () => {
      return (await alertsOf(world, orderId)).includes('branch-in-doubt');
    });
    expect(await stateOf(world, orderId)).toMatchObject({ status: 'PENDING' });
    expect(await preparedIn(world)).toEqual([step === 'commitPoints' ? 'point' : 'product']);
    const service = step === 'commitPoints' ? 'point' : 'product';
    const { staff, customer } = await shown(orderId);
    expect(staff).toMatchObject([{ orderId, service, lockedRows: await withheldRows() }]);
    expect(staff[0]?.lockedRows).toEqual(locked);
    expect(customer).toMatchObject([{ service }]);
    const [age = 0, customersAge = 0] = [staff[0]?.ageMs, customer?.[0]?.ageMs];
    expect(age).toBeGreaterThan(0);
    expect(customersAge).toBeGreaterThanOrEqual(age);
    // The participant is back.
    world.clearFaults();
    expect(await handle.result()).toMatchObject({ pending: 0 });
    expect(await stateOf(world, orderId)).toMatchObject({ status: end });
    expect(await alertsOf(world, orderId)).toEqual([]);
    expect(await netEffect(world, orderId)).toEqual(net);
    expect(await withheldRows()).toEqual([]);
    expect(await shown(orderId)).toEqual({ staff: [], customer: undefined });
  },
);

it('a scanner that races the workflow’s decision leads to one decision that both obey', async () => {
  const { orderId, ...order } = await createOrder(world);
  let scanned: unknown;
  world.faults.decideOrders = async (run) => {
    // The scanner uses the same step.
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
