import type { PlacedOrder } from '../../contracts/order';
import { createOrder, netEffect, place, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000, poor: 3 },
});

it('decides a batch of 40 order by order: one broken, three rejected, the others completed', async () => {
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
