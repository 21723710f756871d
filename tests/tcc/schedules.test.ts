import { ensureSchedules } from '../../workers/schedules';
import { claim, createOrder, netEffect, place, stateOf, until } from '../support/orders';
import { seldom } from '../support/schedules';
import { createWorld, type World } from '../support/world';
import { expectClean, statesOf } from './reservations';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

afterAll(() => world.stop());

it('the schedules force confirmations, sweep reservations and adopt, by themselves', async () => {
  const settings = {
    ...seldom,
    drainEveryMs: 1_000,
    adoptEveryMs: 1_000,
    adoptAfterMs: 100,
    forceEveryMs: 1_000,
    forceAfterMs: 100,
    sweepEveryMs: 1_000,
    sweepAfterMs: 100,
  };
  const ends = (orderId: string, status: string) =>
    until(`${orderId} is ${status}`, async () => (await stateOf(world, orderId)).status === status);
  const away = () => Promise.reject(new Error('away'));

  world.faults.confirmStock = away;
  world.faults.cancelPoints = away;
  const good = await createOrder(world, { lines: { apple: 2 } });
  const bad = await createOrder(world, { lines: { apple: 2_000 } });
  const sweeps = await createOrder(world);
  expect(await place(world, [good, bad], 'tcc')).toEqual({
    completed: 0,
    cancelled: 0,
    pending: 2,
  });
  expect(await place(world, [sweeps], 'tcc')).toMatchObject({ pending: 1 });
  const lost = await createOrder(world);
  await claim(world, [lost], 'tcc');
  // Of this one nobody but the sweep takes care: no alert, and an owner that is open.
  await world.databases.order('alerts').where('order_id', sweeps.orderId).delete();
  world.clearFaults();

  await ensureSchedules(world.client, settings, { searchable: true });
  await ends(good.orderId, 'COMPLETED');
  await ends(bad.orderId, 'CANCELLED');
  await ends(lost.orderId, 'COMPLETED');
  await until('the sweep has confirmed what nobody else would', async () => {
    return (await statesOf(world, sweeps.orderId)).join() === 'confirmed,confirmed';
  });
  expect(await netEffect(world, good.orderId)).toEqual({ stock: -2, points: -2 });
  // What an operator's retry does: the order is nobody's, and is driven again.
  await world.databases
    .order('orders')
    .where('order_id', sweeps.orderId)
    .update({ owner: 'nobody' });
  await ends(sweeps.orderId, 'COMPLETED');
  await expectClean(world);
});
