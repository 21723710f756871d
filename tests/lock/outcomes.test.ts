import { createOrder, netEffect, place, startOrders, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000, poor: 3 },
});

const untouched = { stock: 0, points: 0 };

async function barrierRows(): Promise<number> {
  const product = await world.databases.product('steps').pluck('order_id');
  const point = await world.databases.point('steps').pluck('order_id');
  return product.length + point.length;
}

describe.each(['separate', 'local'] as const)('with its step %s', (placement) => {
  const timing = { ...hurriedTiming, placement };

  it('completes an order, and takes stock and points once', async () => {
    const order = await createOrder(world, { lines: { apple: 2, rare: 1 }, unitPrice: 5 });
    const handle = await startOrders(world, 'lock', [order], timing);
    expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'COMPLETED',
      decision: 'COMPLETE',
      reason: null,
    });
    expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -15 });
    expect(await barrierRows()).toBe(0);
  });

  it.each([
    ['stock is short', { lines: { rare: 2 } }, 'insufficient-stock'],
    ['points are short', { customerId: 'poor', lines: { apple: 4 } }, 'insufficient-points'],
    // The stock's reason takes precedence over the points'.
    ['both are short', { customerId: 'poor', lines: { rare: 4 } }, 'insufficient-stock'],
  ])('cancels an order if %s, and leaves no trace of it', async (_when, sketch, reason) => {
    const order = await createOrder(world, sketch);
    const handle = await startOrders(world, 'lock', [order], timing);
    expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'CANCELLED',
      decision: 'CANCEL',
      reason,
    });
    // Nothing was taken and given back: the ledgers have no row instead of two.
    expect(await world.databases.product('stock_ledger')).toEqual([]);
    expect(await world.databases.point('point_ledger')).toEqual([]);
    expect(await barrierRows()).toBe(0);
  });
});

it('decides each order of a shared transaction by itself', async () => {
  const good = await createOrder(world, { lines: { apple: 2 } });
  const wanting = await createOrder(world, { customerId: 'poor', lines: { rare: 1, apple: 3 } });
  // The stock that the rolled-back order had taken is available for this one.
  const lucky = await createOrder(world, { lines: { rare: 1 } });
  const late = await createOrder(world, { lines: { rare: 1 } });
  const ghost = await createOrder(world, { lines: { ghost: 1 } });
  const orders = [good, wanting, lucky, late, ghost];
  expect(await place(world, orders, 'lock')).toEqual({ completed: 2, cancelled: 2, pending: 1 });
  const ends = await Promise.all(orders.map(({ orderId }) => stateOf(world, orderId)));
  expect(ends.map(({ status, reason }) => [status, reason])).toEqual([
    ['COMPLETED', null],
    ['CANCELLED', 'insufficient-points'],
    ['COMPLETED', null],
    ['CANCELLED', 'insufficient-stock'],
    ['PENDING', null],
  ]);
  expect(await netEffect(world, good.orderId)).toEqual({ stock: -2, points: -2 });
  expect(await netEffect(world, lucky.orderId)).toEqual({ stock: -1, points: -1 });
  for (const { orderId } of [wanting, late, ghost]) {
    expect(await netEffect(world, orderId)).toEqual(untouched);
  }
});

it('puts a broken order aside, takes nothing, and raises an alert', async () => {
  const order = await createOrder(world, { lines: { apple: 1, ghost: 1 } });
  expect(await place(world, [order], 'lock')).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PENDING', decision: null });
  expect(await netEffect(world, order.orderId)).toEqual(untouched);
  const alerts = await world.databases.order('alerts').select('kind', 'order_id', 'detail');
  expect(alerts).toEqual([
    {
      kind: 'broken-step',
      order_id: order.orderId,
      detail: 'placeInOneTransaction: unknown-product',
    },
  ]);
});
