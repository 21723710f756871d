import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
} from '@temporalio/client';
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
}

/** The settings that decide what the schedules do and how often. */
export const scheduleSettings = [
  ...timingSettings,
  'ADOPT_AFTER_MS',
  'ADOPT_EVERY_MS',
  'DRAIN_EVERY_MS',
] as const;

export function schedulesFrom(config: Config<(typeof scheduleSettings)[number]>): ScheduleSettings {
  return {
    timing: timingFrom(config),
    drainEveryMs: config.DRAIN_EVERY_MS,
    adoptEveryMs: config.ADOPT_EVERY_MS,
    adoptAfterMs: config.ADOPT_AFTER_MS,
  };
}

/** Creates the schedules, or brings those that are there up to date; safe to repeat. */
export async function ensureSchedules(client: Client, settings: ScheduleSettings): Promise<void> {
  const { timing } = settings;
  const drain: DrainInput = { timing, limit: drainRowsMax };
  const adopt: AdoptInput = { timing, olderThanMs: settings.adoptAfterMs, limit: ownersAtOnce };
  await Promise.all([
    ensure(
      client,
      scheduleIds.drain,
      settings.drainEveryMs,
      workflowTypes.drainCompensations,
      drain,
    ),
    ensure(client, scheduleIds.adoption, settings.adoptEveryMs, workflowTypes.adoptOrders, adopt),
  ]);
}

async function ensure(
  client: Client,
  scheduleId: string,
  everyMs: number,
  workflowType: string,
  input: DrainInput | AdoptInput,
): Promise<void> {
  const options: ScheduleOptions = {
    scheduleId,
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow',
      workflowId: scheduleId,
      workflowType,
      taskQueue: taskQueues.workflow,
      args: [input],
    },
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
