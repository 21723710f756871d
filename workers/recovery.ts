import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { besideAttributes } from '../contracts/labels';
import { recoveryScheduleId, stepNotHere, taskQueues, workflowTypes } from '../contracts/names';
import { recoveries, type RecoverySettings, type SettingsActivities } from '../contracts/recovery';
import type { Config } from './config';
import { timingFrom, timingSettings } from './timing';

/** After an outage one look is enough: it does what all the missed ones would have done. */
const catchupWindow = '10 seconds';
/** Above what the services have to answer in; a look that cannot go on ends then. */
const lookMsMax = 120_000;

/** How old each kind's work must be, for every process that looks for it. */
export const ageSettings = [
  'ADOPT_AFTER_MS',
  'FORCE_CONFIRM_AFTER_MS',
  'SCAN_AFTER_MS',
  'SWEEP_AFTER_MS',
] as const;

/** The settings that decide what recovery does; the runs ask for them as they begin. */
export const recoverySettings = [
  ...timingSettings,
  ...ageSettings,
  'SCAN_CANCEL_AFTER_MS',
  'RUNBOOKS_URL',
] as const;

type RecoveryConfig = Config<(typeof recoverySettings)[number]>;

export function agesFrom(config: Config<(typeof ageSettings)[number]>): RecoverySettings['ages'] {
  return {
    adoptAfterMs: config.ADOPT_AFTER_MS,
    forceAfterMs: config.FORCE_CONFIRM_AFTER_MS,
    scanAfterMs: config.SCAN_AFTER_MS,
    sweepAfterMs: config.SWEEP_AFTER_MS,
  };
}

export function recoverySettingsFrom(config: RecoveryConfig): RecoverySettings {
  return {
    timing: timingFrom(config),
    ages: agesFrom(config),
    scanCancelAfterMs: config.SCAN_CANCEL_AFTER_MS,
    ...(config.RUNBOOKS_URL !== undefined && { runbooksUrl: config.RUNBOOKS_URL }),
  };
}

/**
 * What a workflow worker has of its own: it tells its settings, and says of every step that its
 * process does not have that it is elsewhere. Without the latter, the SDK would fail the tasks of
 * a workflow that began with the placement `local`, again and again.
 */
export function createWorkflowActivities(settings: RecoverySettings) {
  const elsewhere = (): Promise<never> => {
    const message = 'This process runs no steps; the service runs them on its own queue';
    return Promise.reject(ApplicationFailure.nonRetryable(message, stepNotHere));
  };
  const own: SettingsActivities = { recoverySettings: () => Promise.resolve(settings) };
  return { ...own, default: elsewhere };
}

/**
 * Creates the schedule of the look, or brings it up to date, and has it look at once: a process
 * that dies may leave orders and locks behind. Runs of recovery that are open are ended first. They
 * own nothing, so that the look starts them again, with this build and this placement. Safe to
 * repeat, and by many at once; an operator's pause is kept.
 *
 * @param searchable whether the namespace has our search attributes: if not, a start that names
 *   them would be refused, look after look
 */
export async function ensureRecovery(
  client: Client,
  { everyMs, searchable }: { everyMs: number; searchable: boolean },
): Promise<void> {
  await endRuns(client);
  const options: ScheduleOptions = {
    scheduleId: recoveryScheduleId,
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow',
      taskQueue: taskQueues.workflow,
      ...(searchable && { typedSearchAttributes: besideAttributes('all') }),
      workflowId: recoveryScheduleId,
      workflowType: workflowTypes.recoverOrders,
      // No settings: what a schedule stores outlives the placement that it was stored for.
      args: [],
      workflowRunTimeout: lookMsMax,
      staticSummary: 'looks for work that no workflow drives',
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
  };
  const schedule = client.schedule.getHandle(recoveryScheduleId);
  try {
    // An operator's pause is kept: only what this build defines is written again.
    await schedule.update((previous) => ({ ...options, state: previous.state }));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    await client.schedule.create(options).catch((already: unknown) => {
      if (!(already instanceof ScheduleAlreadyRunning)) throw already;
    });
  }
  await lookNow(client);
}

/** Has the schedule look now, unless an operator has paused it or a look is under way. */
export async function lookNow(client: Client): Promise<void> {
  const schedule = client.schedule.getHandle(recoveryScheduleId);
  const { state } = await schedule.describe();
  if (!state.paused) await schedule.trigger(ScheduleOverlapPolicy.SKIP);
}

/** A run that another build or placement began may never go on: it is ended rather than replayed. */
async function endRuns(client: Client): Promise<void> {
  const runs = Object.values(recoveries).map(({ workflowId }) => workflowId);
  const looks = await Promise.all(
    // Before there was one look, each kind had a schedule, whose id is now that of its run.
    [recoveryScheduleId, ...runs].map((scheduleId) => runsOf(client, scheduleId)),
  );
  await Promise.all([...looks.flat(), ...runs].map((id) => endRun(client, id)));
  await Promise.all(runs.map((scheduleId) => removeSchedule(client, scheduleId)));
}

async function endRun(client: Client, workflowId: string): Promise<void> {
  const why = 'A workflow worker has started. Its look starts this run again if there is work.';
  try {
    await client.workflow.getHandle(workflowId).terminate(why);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

async function runsOf(client: Client, scheduleId: string): Promise<string[]> {
  try {
    const { info } = await client.schedule.getHandle(scheduleId).describe();
    // A run that was asked for by hand may be missing among the running ones.
    const runs = [...info.runningActions, ...info.recentActions.map(({ action }) => action)];
    return [...new Set(runs.map(({ workflow }) => workflow.workflowId))];
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return [];
    throw error;
  }
}

async function removeSchedule(client: Client, scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
