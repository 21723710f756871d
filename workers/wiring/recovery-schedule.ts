import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { helperAttributes } from '../../contracts/labels';
import { recoveryScheduleId, stepNotHere, taskQueues, workflowTypes } from '../../contracts/names';
import {
  recoveries,
  type RecoverySettings,
  type SettingsActivities,
} from '../../contracts/recovery';
import type { Config } from './config';
import { timingFrom, timingSettings } from './timing';

/** After an outage one look is enough; it finds what all the missed looks would have found. */
const catchupWindow = '10 seconds';
/** Above the services' time to answer. A look that cannot continue ends then. */
const lookMsMax = 120_000;

/** The minimum age of each kind's work, for every process that looks for it. */
export const ageSettings = [
  'ADOPT_AFTER_MS',
  'FORCE_CONFIRM_AFTER_MS',
  'SCAN_AFTER_MS',
  'SWEEP_AFTER_MS',
] as const;

/** The settings of recovery. Runs ask for them as they begin. */
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
 * The activities of the workflow worker itself. One answers its settings. The others fail each step
 * that this process does not have with `stepNotHere`. Otherwise the SDK would fail the tasks of a
 * workflow that began in placement `local`, again and again.
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
 * Creates or updates the schedule of the look, and triggers it at once, because a process that died
 * may have left orders and locks behind. Terminates open runs of recovery first. They own nothing,
 * so the look starts them again with this build and placement. Safe to repeat, also concurrently.
 * Keeps an operator's pause.
 *
 * @param searchable whether the namespace has the search attributes; if not, Temporal would refuse
 *   every start that sets them
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
      ...(searchable && { typedSearchAttributes: helperAttributes('all') }),
      workflowId: recoveryScheduleId,
      workflowType: workflowTypes.recoverOrders,
      // No settings, because what a schedule stores would outlive the placement.
      args: [],
      workflowRunTimeout: lookMsMax,
      staticSummary: 'looks for work that no workflow drives',
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
  };
  const schedule = client.schedule.getHandle(recoveryScheduleId);
  try {
    // Keeps an operator's pause: overwrites only what this build defines.
    await schedule.update((previous) => ({ ...options, state: previous.state }));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    await client.schedule.create(options).catch((already: unknown) => {
      if (!(already instanceof ScheduleAlreadyRunning)) throw already;
    });
  }
  await lookNow(client);
}

/** Triggers the schedule's look, unless an operator has paused it or a look is running. */
export async function lookNow(client: Client): Promise<void> {
  const schedule = client.schedule.getHandle(recoveryScheduleId);
  const { state } = await schedule.describe();
  if (!state.paused) await schedule.trigger(ScheduleOverlapPolicy.SKIP);
}

/**
 * Terminates runs of another build or placement, which might never continue, instead of replaying
 * them.
 */
async function endRuns(client: Client): Promise<void> {
  const runs = Object.values(recoveries).map(({ workflowId }) => workflowId);
  const looks = await Promise.all(
    // In earlier versions each kind had a schedule of its own, whose id is now the run's id.
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
    // A run that was started by hand may be missing from the running actions.
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
