import { temporalActions } from '../../tools/measure/actions';
import { taskQueues, workflowTypes } from '../../contracts/names';
import { createOrder, place, startSaga, until } from '../support/orders';
import { createWorld, hurriedTiming, type World } from '../support/world';

/** Temporal's actions of known workflows. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 100 });
});
afterAll(() => world.stop());

/** Temporal's list lags behind. */
async function listed(closed: number): Promise<void> {
  await until(`${String(closed)} closed workflows are listed`, async () => {
    const { count } = await world.client.workflow.count(`ExecutionStatus = 'Completed'`);
    return count >= closed;
  });
}

test('counts actions by kind, within the time, without the schedules', async () => {
  const before = new Date();
  await place(world, [await createOrder(world)]);
  await place(world, [await createOrder(world), await createOrder(world)]);
  await listed(2);
  const between = new Date();
  // A start, both actions and the decision.
  const twoSagas = { starts: 2, activities: 6, timers: 0, signals: 0, updates: 0 };
  const first = await temporalActions(world.client, before, between);
  expect(first).toEqual({ ...twoSagas, localActivities: 0 });

  const local = { ...hurriedTiming, placement: 'local' } as const;
  await (await startSaga(world, [await createOrder(world)], local)).result();
  const schedule = await world.client.schedule.create({
    scheduleId: 'by-the-clock',
    spec: {},
    state: { triggerImmediately: true },
    action: {
      type: 'startWorkflow',
      workflowType: workflowTypes.drainCompensations,
      taskQueue: taskQueues.workflow,
      args: [{ timing: hurriedTiming, limit: 1 }],
    },
  });
  await listed(4);
  await schedule.delete();
  const after = new Date();
  const oneLocal = { starts: 1, activities: 0, timers: 0, signals: 0, updates: 0 };
  const second = await temporalActions(world.client, between, after);
  expect(second).toEqual({ ...oneLocal, localActivities: 3 });
  const none = { ...oneLocal, starts: 0, localActivities: 0 };
  expect(await temporalActions(world.client, after, new Date())).toEqual(none);
});
