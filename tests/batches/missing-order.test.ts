import { createOrder, place, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';
import { rollBackAll } from '../xa/branches';

/**
 * An order whose row is deleted during its placing: its neighbours continue, and an alert is
 * raised.
 */

const world = useWorld({
  stock: { apple: { available: 1_000 } },
  points: { anna: 10_000, ben: 10_000, cleo: 10_000 },
});

// A workflow that has ended without its order leaves its branches to the scanner.
afterEach(() => rollBackAll(world));

test.each([
  ['saga', 'decideOrders'],
  ['tcc', 'decideOrders'],
  ['lock', 'placeInOneTransaction'],
] as const)('%s: a batch goes on without it', async (pattern, step) => {
  const orders = [
    await createOrder(world, { customerId: 'anna' }),
    await createOrder(world, { customerId: 'ben' }),
    await createOrder(world, { customerId: 'cleo' }),
  ];
  const [first, missing, last] = orders.map(({ orderId }) => orderId);
  if (!first || !missing || !last) throw new Error('There are three');
  let fired = 0;
  world.faults[step] = async (run) => {
    fired += await world.databases.order('orders').where('order_id', missing).delete();
    return run();
  };
  expect(await place(world, orders, pattern)).toEqual({ completed: 2, cancelled: 0, pending: 1 });
  expect(fired).toBe(1);
  for (const orderId of [first, last]) {
    expect(await stateOf(world, orderId)).toMatchObject({ status: 'COMPLETED' });
  }
  const alerts = world.databases.order('alerts').select('order_id', 'kind', 'detail');
  expect(await alerts).toEqual([
    { order_id: missing, kind: 'broken-step', detail: `${step}: unknown-order` },
  ]);
});

test('xa: a missing order ends its workflow and raises an alert', async () => {
  const order = await createOrder(world, { customerId: 'anna' });
  world.faults.decideOrders = async (run) => {
    await world.databases.order('orders').where('order_id', order.orderId).delete();
    return run();
  };
  expect(await place(world, [order], 'xa')).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  expect(await world.databases.order('alerts').pluck('order_id')).toEqual([order.orderId]);
});
