import { scheduleIds, workflowTypes } from '../../contracts/names';
import { ensureSchedules } from '../../workers/schedules';
import { claim, createOrder, netEffect, place, stateOf, until } from '../support/orders';
import { seldom } from '../support/schedules';
import { createWorld, type World } from '../support/world';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 100 });
});

afterAll(() => world.stop());

const settings = { ...seldom, drainEveryMs: 1_000, adoptEveryMs: 1_000, adoptAfterMs: 100 };

it('the schedules drain the registry and adopt orders by themselves', async () => {
  await ensureSchedules(world.client, settings, { searchable: true });
  world.faults.restoreStock = () => Promise.reject(new Error('away'));
  const dear = await createOrder(world, { unitPrice: 1_000 });
  expect(await place(world, [dear])).toMatchObject({ pending: 1 });
  const lost = await createOrder(world);
  await claim(world, [lost]);
  delete world.faults.restoreStock;

  await until('the lost order is completed', async () => {
    return (await stateOf(world, lost.orderId)).status === 'COMPLETED';
  });
  await until('the dear order is cancelled', async () => {
    return (await stateOf(world, dear.orderId)).status === 'CANCELLED';
  });
  expect(await netEffect(world, dear.orderId)).toEqual({ stock: 0, points: 0 });
});

it('a second start brings the schedules up to date, and keeps an operator’s pause', async () => {
  const drain = world.client.schedule.getHandle(scheduleIds.drain);
  await drain.pause('looking into it');
  await ensureSchedules(world.client, { ...settings, drainEveryMs: 7_000 }, { searchable: true });
  const { spec, state, action } = await drain.describe();
  expect(spec.intervals?.map(({ every }) => every)).toEqual([7_000]);
  expect(state).toMatchObject({ paused: true, note: 'looking into it' });
  expect(action).toMatchObject({ workflowType: workflowTypes.drainCompensations });
});
