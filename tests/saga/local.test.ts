import { createOrder, netEffect, startSaga, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

/** Steps that fail as local activities, whose failures have another form. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 100 } });

const local = {
  ...hurriedTiming,
  placement: 'local',
  attemptMsMax: 500,
  actionMsMax: 1_000,
} as const;

it('registers a compensation that keeps failing', async () => {
  world.faults.restoreStock = () => Promise.reject(new Error('the shelf is on fire'));
  const order = await createOrder(world, { unitPrice: 1_000 });
  const handle = await startSaga(world, [order], local);
  expect(await handle.result()).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PENDING' });
  const errors = await world.databases.order('compensations').pluck('last_error');
  expect(errors).toEqual(['the shelf is on fire']);
});

it.each([
  ['fails', () => Promise.reject(new Error('the stock service is away'))],
  ['does not answer', () => new Promise((resolve) => setTimeout(resolve, 1_500))],
])('cancels as unavailable if an action %s', async (_how, fault) => {
  world.faults.deductStock = fault;
  const order = await createOrder(world);
  const handle = await startSaga(world, [order], local);
  expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'unavailable' });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
});
