import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { helperAttributes } from '../../contracts/labels';
import { recoveryScheduleId, taskQueues, workflowTypes } from '../../contracts/names';
import { recoveries, type RecoveryKind, type RecoverySettings } from '../../contracts/recovery';
import { ensureRecovery } from '../../workers/wiring/recovery-schedule';
import { until } from './orders';
import { nothingIsOld, type World } from './world';

/** Everything is old enough at once. */
export const everythingIsOld: RecoverySettings['ages'] = {
  adoptAfterMs: 100,
  forceAfterMs: 100,
  scanAfterMs: 0,
  sweepAfterMs: 100,
};

/** Like a starting workflow worker: makes the schedule, which looks at once, then each second. */
export function startRecovery(world: World, everyMs = 1_000): Promise<void> {
  return ensureRecovery(world.client, { everyMs, searchable: true });
}

/** From now on a look finds work only of these kinds, and the drain's, which has no age. */
export async function recoverOnly(world: World, ...kinds: RecoveryKind[]): Promise<void> {
  const ages = { ...nothingIsOld.ages };
  for (const kind of kinds) {
    const age = ageOf[kind];
    if (age) ages[age] = everythingIsOld[age];
  }
  world.recovery.ages = ages;
  const { workflow, schedule } = world.client;
  await until('no look is under way that was told otherwise', async () => {
    const { info } = await schedule.getHandle(recoveryScheduleId).describe();
    return info.runningActions.length === 0;
  });
  for (const { workflowId } of Object.values(recoveries)) {
    await until(`${workflowId} is not under way`, async () => {
      const running = `WorkflowId = "${workflowId}" AND ExecutionStatus = "Running"`;
      return (await workflow.count(running)).count === 0;
    });
  }
}

const ageOf: Partial<Record<RecoveryKind, keyof RecoverySettings['ages']>> = {
  adoption: 'adoptAfterMs',
  force: 'forceAfterMs',
  scan: 'scanAfterMs',
  sweep: 'sweepAfterMs',
};

/** One look, now, to its end, with the schedule's labels. */
export async function recoverOnce(world: World): Promise<WorkflowHandle> {
  const handle = await world.client.workflow.start(workflowTypes.recoverOrders, {
    workflowId: `look-${randomUUID()}`,
    taskQueue: taskQueues.workflow,
    args: [],
    typedSearchAttributes: helperAttributes('all'),
  });
  await handle.result();
  return handle;
}
