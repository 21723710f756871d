import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
} from '@temporalio/client';
import { scheduleAttributes } from '../contracts/labels';
import type { StepTiming } from '../contracts/limits';
import { scheduleIds, taskQueues, workflowTypes } from '../contracts/names';
import type { AdoptInput, DrainInput } from '../contracts/workflows';
import type { Config } from './config';
import { timingFrom, timingSettings } from './timing';

const drainRowsMax = 100;
/** A page's orphans must fit into one answer of 2 MB: an owner has up to 256 orders. */
const ownersAtOnce = 20;
/** After an outage one run is enough: it does what all the missed ones would have done. */
const catchupWindow = '10 seconds';

interface ScheduleSettings {
  timing: StepTiming;
  drainEveryMs: number;
  adoptEveryMs: number;
  adoptAfterMs: number;
  runbooksUrl?: string | undefined;
}

/** The settings that decide what the schedules do and how often. */
export const scheduleSettings = [
  ...timingSettings,
  'ADOPT_AFTER_MS',
  'ADOPT_EVERY_MS',
  'DRAIN_EVERY_MS',
  'RUNBOOKS_URL',
] as const;

export function schedulesFrom(config: Config<(typeof scheduleSettings)[number]>): ScheduleSettings {
  return {
    timing: timingFrom(config),
    drainEveryMs: config.DRAIN_EVERY_MS,
    adoptEveryMs: config.ADOPT_EVERY_MS,
    adoptAfterMs: config.ADOPT_AFTER_MS,
    runbooksUrl: config.RUNBOOKS_URL,
  };
}

/**
 * Creates the schedules, or brings those that are there up to date; safe to repeat.
 *
 * @param searchable whether the namespace has our search attributes: if not, a start that names
 *   them would be refused, run after run
 */
export async function ensureSchedules(
  client: Client,
  settings: ScheduleSettings,
  { searchable }: { searchable: boolean },
): Promise<void> {
  const { timing, runbooksUrl, drainEveryMs, adoptEveryMs } = settings;
  const links = runbooksUrl === undefined ? {} : { runbooksUrl };
  const drain: DrainInput = { timing, limit: drainRowsMax, ...links };
  const adopt: AdoptInput = {
    timing,
    olderThanMs: settings.adoptAfterMs,
    limit: ownersAtOnce,
    ...links,
  };
  const common = {
    type: 'startWorkflow',
    taskQueue: taskQueues.workflow,
    ...(searchable && { typedSearchAttributes: scheduleAttributes }),
  } as const;
  await Promise.all([
    ensure(client, drainEveryMs, {
      ...common,
      workflowId: scheduleIds.drain,
      workflowType: workflowTypes.drainCompensations,
      args: [drain],
      staticSummary: 'saga: tries the compensations that are due',
    }),
    ensure(client, adoptEveryMs, {
      ...common,
      workflowId: scheduleIds.adoption,
      workflowType: workflowTypes.adoptOrders,
      args: [adopt],
      staticSummary: 'saga: looks for orders that nobody drives',
    }),
  ]);
}

async function ensure(
  client: Client,
  everyMs: number,
  action: ScheduleOptions['action'] & { workflowId: string },
): Promise<void> {
  const scheduleId = action.workflowId;
  const options: ScheduleOptions = {
    scheduleId,
    spec: { intervals: [{ every: everyMs }] },
    action,
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
  };
  const handle = client.schedule.getHandle(scheduleId);
  try {
    // An operator's pause is kept: only what this build defines is written again.
    await handle.update((previous) => ({ ...options, state: previous.state }));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    await client.schedule.create(options).catch((already: unknown) => {
      if (!(already instanceof ScheduleAlreadyRunning)) throw already;
    });
  }
}
