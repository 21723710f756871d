import { recoveryScheduleId, workflowTypes } from '../../contracts/names';
import { recoveries, type LookResult } from '../../contracts/recovery';
import { readConfig } from '../../workers/wiring/config';
import { recoverySettings, recoverySettingsFrom } from '../../workers/wiring/recovery-schedule';
import { claim, createOrder, ends, netEffect, place, stateOf, until } from '../support/orders';
import { everythingIsOld, recoverOnce, recoverOnly, startRecovery } from '../support/recovery';
import { useWorld } from '../support/use-world';
import { nothingIsOld } from '../support/world';
import { away, unconfirmed } from '../tcc/pending';

/** The one look for all kinds of recovery, on the real server. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 1_000 } });

const hourMs = 3_600_000;
const schedule = () => world.client.schedule.getHandle(recoveryScheduleId);

/** The number of workflows of this type that have ever begun. */
async function begun(type: string): Promise<number> {
  return (await world.client.workflow.count(`WorkflowType = "${type}"`)).count;
}

const look = async () => (await recoverOnce(world)).result() as Promise<LookResult>;

it('drains the registry and adopts orders by itself', async () => {
  world.recovery.ages = { ...nothingIsOld.ages, adoptAfterMs: 100 };
  await startRecovery(world);
  world.faults.restoreStock = away;
  const dear = await createOrder(world, { unitPrice: 10_000 });
  expect(await place(world, [dear])).toMatchObject({ pending: 1 });
  const lost = await createOrder(world);
  await claim(world, [lost]);
  delete world.faults.restoreStock;

  await ends(world, lost, 'COMPLETED');
  await ends(world, dear, 'CANCELLED');
  expect(await netEffect(world, dear.orderId)).toEqual({ stock: 0, points: 0 });
});

it('starts no run of any kind while there is nothing to recover', async () => {
  await recoverOnly(world, 'adoption', 'force', 'scan', 'sweep');
  const order = await createOrder(world);
  expect(await place(world, [order])).toMatchObject({ completed: 1 });
  const count = async () =>
    Promise.all(Object.values(recoveries).map(({ workflowType }) => begun(workflowType)));
  const before = await count();
  const looks = await begun(workflowTypes.recoverOrders);
  await until('three looks more have begun', async () => {
    return (await begun(workflowTypes.recoverOrders)) > looks + 3;
  });
  expect(await count()).toEqual(before);
});

it('finds the work of each kind, and starts only a run of that kind', async () => {
  await startRecovery(world, hourMs);
  // Nothing is old yet, so no earlier look recovers it first.
  await unconfirmed(world, 'confirmStock');
  world.recovery.ages = {
    ...everythingIsOld,
    adoptAfterMs: hourMs,
    forceAfterMs: 0,
    sweepAfterMs: 0,
  };
  expect(await look()).toEqual({
    adoption: false,
    drain: false,
    force: true,
    scan: false,
    sweep: true,
  });
});

it('asks the other services while one is down, and does not count its work as none', async () => {
  world.recovery.ages = { ...nothingIsOld.ages, sweepAfterMs: 100 };
  const order = await unconfirmed(world, 'confirmPoints');
  world.faults.findStockWork = away;
  const found = await look();
  // The point service reports work; the product service does not answer.
  expect(found).toEqual({ adoption: false, drain: false, force: false, sweep: true });
  await until('the points are confirmed', async () => {
    return (await netEffect(world, order.orderId)).points !== 0;
  });
});

it('a second start updates the schedule, and keeps an operator’s pause', async () => {
  await startRecovery(world);
  await schedule().pause('looking into it');
  await startRecovery(world, 7_000);
  const { spec, state, action } = await schedule().describe();
  expect(spec.intervals?.map(({ every }) => every)).toEqual([7_000]);
  expect(state).toMatchObject({ paused: true, note: 'looking into it' });
  expect(action).toMatchObject({ workflowType: workflowTypes.recoverOrders });
  await schedule().unpause();
});

it('stores no settings with the schedule, because a placement would outlive its process', async () => {
  await startRecovery(world, hourMs);
  const { action } = await schedule().describe();
  expect(action).toMatchObject({ args: [], workflowRunTimeout: expect.any(Number) as number });
});

it('a run that cannot continue ends by itself, and the next look starts another', async () => {
  // A start terminates runs that an earlier build may have left open.
  const stuck = recoveries.drain.workflowId;
  await world.client.workflow.start('aTypeOfAnotherBuild', {
    workflowId: stuck,
    taskQueue: 'workflow',
    args: [],
  });
  await startRecovery(world);
  world.faults.restoreStock = away;
  const dear = await createOrder(world, { unitPrice: 10_000 });
  await place(world, [dear]);
  world.clearFaults();
  await ends(world, dear, 'CANCELLED');
  // The id is that of the run that compensated it.
  expect(await world.client.workflow.getHandle(stuck).result()).toEqual({
    madeGood: 1,
    failed: 0,
  });
});

it('removes the earlier schedules of each kind', async () => {
  const { workflowId: id } = recoveries.adoption;
  await world.client.schedule.create({
    scheduleId: id,
    spec: { intervals: [{ every: hourMs }] },
    state: { triggerImmediately: true },
    action: {
      type: 'startWorkflow',
      workflowId: id,
      workflowType: 'aTypeOfAnotherBuild',
      taskQueue: 'workflow',
      args: [],
    },
  });
  const old = world.client.schedule.getHandle(id);
  let run = '';
  await until('it has a run that cannot go on', async () => {
    run = (await old.describe()).info.recentActions[0]?.action.workflow.workflowId ?? '';
    return run !== '';
  });
  await startRecovery(world, hourMs);
  await expect(old.describe()).rejects.toThrow();
  const { status } = await world.client.workflow.getHandle(run).describe();
  expect(status.name).toBe('TERMINATED');
});

it('passes each configured age, limit and link to the runs', async () => {
  const config = readConfig(recoverySettings, {
    PLACEMENT: 'local',
    ADOPT_AFTER_MS: '120',
    SCAN_AFTER_MS: '130',
    SCAN_CANCEL_AFTER_MS: '131',
    FORCE_CONFIRM_AFTER_MS: '140',
    SWEEP_AFTER_MS: '150',
    CONFIRM_ATTEMPTS_MAX: '7',
    RUNBOOKS_URL: 'https://shop.example/runbooks',
  });
  Object.assign(world.recovery, recoverySettingsFrom(config));
  const order = await createOrder(world);
  await claim(world, [order]);
  await until('it is old enough', async () => {
    return (await look()).adoption ?? false;
  });
  await until('it is adopted', async () => {
    return (await stateOf(world, order.orderId)).owner?.startsWith('adopt-') ?? false;
  });
  const history = await world.client.workflow.getHandle('adopt-orders').fetchHistory();
  const [payload] =
    history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  expect(JSON.parse(Buffer.from(payload?.data ?? '').toString())).toMatchObject({
    timing: { placement: 'local', confirmAttemptsMax: 7 },
    olderThanMs: 120,
    runbooksUrl: 'https://shop.example/runbooks',
  });
  Object.assign(world.recovery, nothingIsOld);
});
