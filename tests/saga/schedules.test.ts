import { scheduleIds, workflowTypes } from '../../contracts/names';
import type { AdoptInput, DrainInput, ScanInput } from '../../contracts/workflows';
import { readConfig } from '../../workers/config';
import { ensureSchedules, scheduleSettings, schedulesFrom } from '../../workers/schedules';
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

it('what a process is told reaches each schedule: how often, and for what is how old', async () => {
  const config = readConfig(scheduleSettings, {
    DRAIN_EVERY_MS: '11000',
    ADOPT_EVERY_MS: '12000',
    ADOPT_AFTER_MS: '120',
    SCAN_EVERY_MS: '13000',
    SCAN_AFTER_MS: '130',
    SCAN_CANCEL_AFTER_MS: '131',
    FORCE_CONFIRM_EVERY_MS: '14000',
    FORCE_CONFIRM_AFTER_MS: '140',
    SWEEP_EVERY_MS: '15000',
    SWEEP_AFTER_MS: '150',
    CONFIRM_ATTEMPTS_MAX: '7',
    RUNBOOKS_URL: 'https://shop.example/runbooks',
  });
  await ensureSchedules(world.client, schedulesFrom(config), { searchable: true });
  const found = Object.entries(scheduleIds).map(async ([name, id]) => {
    const { spec, action } = await world.client.schedule.getHandle(id).describe();
    const [input] = action.args as (DrainInput & Partial<AdoptInput & ScanInput>)[];
    expect(input).toMatchObject({
      timing: { confirmAttemptsMax: 7 },
      runbooksUrl: 'https://shop.example/runbooks',
    });
    const everyMs = spec.intervals?.map(({ every }) => every);
    return [
      name,
      { everyMs, olderThanMs: input?.olderThanMs, cancelAfterMs: input?.cancelAfterMs },
    ];
  });
  expect(Object.fromEntries(await Promise.all(found))).toEqual({
    drain: { everyMs: [11_000] },
    adoption: { everyMs: [12_000], olderThanMs: 120 },
    branches: { everyMs: [13_000], olderThanMs: 130, cancelAfterMs: 131 },
    forcedConfirmation: { everyMs: [14_000], olderThanMs: 140 },
    sweep: { everyMs: [15_000], olderThanMs: 150 },
  });
});
