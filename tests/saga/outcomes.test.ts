import type { PlacedOrder } from '../../contracts/order';
import { createOrder, netEffect, place, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000, poor: 3 },
});

it('completes an order: stock and points taken once, and the row says so', async () => {
  const order = await createOrder(world, { lines: { apple: 2, rare: 1 }, unitPrice: 5 });
  expect(await place(world, [order])).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'COMPLETED',
    decision: 'COMPLETE',
    reason: null,
  });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -15 });
});

it.each([
  ['stock is short', { lines: { rare: 2 } }, 'insufficient-stock'],
  ['points are short', { customerId: 'poor', lines: { apple: 4 } }, 'insufficient-points'],
  // Stock's reason is named before points'.
  ['both are short', { customerId: 'poor', lines: { rare: 4 } }, 'insufficient-stock'],
])('cancels an order when %s, and gives everything back', async (_when, sketch, reason) => {
  const order = await createOrder(world, sketch);
  expect(await place(world, [order])).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'CANCELLED',
    decision: 'CANCEL',
    reason,
  });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
});

it('settles a batch of 40 order by order: one broken, three rejected, the others complete', async () => {
  const orders: PlacedOrder[] = [];
  for (let i = 0; i < 36; i += 1) orders.push(await createOrder(world, { lines: { apple: 1 } }));
  const unknownProduct = await createOrder(world, { lines: { ghost: 1, apple: 1 } });
  const noStock = await createOrder(world, { lines: { rare: 2 } });
  const noPoints = await createOrder(world, { customerId: 'poor', lines: { apple: 4 } });
  const neither = await createOrder(world, { customerId: 'poor', lines: { rare: 5 } });
  orders.splice(7, 0, unknownProduct);
  orders.splice(20, 0, noStock, noPoints, neither);

  expect(await place(world, orders)).toEqual({ completed: 36, cancelled: 3, pending: 1 });
  expect(await stateOf(world, unknownProduct.orderId)).toMatchObject({
    status: 'PENDING',
    decision: null,
  });
  for (const [order, reason] of [
    [noStock, 'insufficient-stock'],
    [noPoints, 'insufficient-points'],
    [neither, 'insufficient-stock'],
  ] as const) {
    expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED', reason });
    expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
  }
  const alerts = await world.databases.order('alerts').select('kind', 'order_id', 'runbook');
  expect(alerts).toEqual([
    {
      kind: 'broken-step',
      order_id: unknownProduct.orderId,
      runbook: 'docs/runbooks/broken-step.md',
    },
  ]);
});
