import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
} from '@temporalio/client';
import { besideAttributes } from '../contracts/labels';
import type { StepTiming } from '../contracts/limits';
import { scheduleIds, taskQueues, workflowTypes } from '../contracts/names';
import type { Pattern } from '../contracts/order';
import type { AdoptInput, AgedInput, DrainInput, ScanInput } from '../contracts/workflows';
import type { Config } from './config';
import { timingFrom, timingSettings } from './timing';

const drainRowsMax = 100;
const branchesMax = 100;
/** A page's orphans must fit into one answer of 2 MB: an owner has up to 256 orders. */
const ownersAtOnce = 20;
/** Orders of TCC at a time: what is asked of them fits into one answer. */
const agedAtOnce = 100;
/** After an outage one run is enough: it does what all the missed ones would have done. */
const catchupWindow = '10 seconds';

interface ScheduleSettings {
  timing: StepTiming;
  drainEveryMs: number;
  adoptEveryMs: number;
  adoptAfterMs: number;
  scanEveryMs: number;
  scanAfterMs: number;
  scanCancelAfterMs: number;
  forceEveryMs: number;
  forceAfterMs: number;
  sweepEveryMs: number;
  sweepAfterMs: number;
  runbooksUrl?: string | undefined;
}

/** The settings that decide what the schedules do and how often. */
export const scheduleSettings = [
  ...timingSettings,
  'ADOPT_AFTER_MS',
  'ADOPT_EVERY_MS',
  'DRAIN_EVERY_MS',
  'SCAN_EVERY_MS',
  'SCAN_AFTER_MS',
  'SCAN_CANCEL_AFTER_MS',
  'FORCE_CONFIRM_AFTER_MS',
  'FORCE_CONFIRM_EVERY_MS',
  'SWEEP_AFTER_MS',
  'SWEEP_EVERY_MS',
  'RUNBOOKS_URL',
] as const;

export function schedulesFrom(config: Config<(typeof scheduleSettings)[number]>): ScheduleSettings {
  return {
    timing: timingFrom(config),
    drainEveryMs: config.DRAIN_EVERY_MS,
    adoptEveryMs: config.ADOPT_EVERY_MS,
    adoptAfterMs: config.ADOPT_AFTER_MS,
    scanEveryMs: config.SCAN_EVERY_MS,
    scanAfterMs: config.SCAN_AFTER_MS,
    scanCancelAfterMs: config.SCAN_CANCEL_AFTER_MS,
    forceEveryMs: config.FORCE_CONFIRM_EVERY_MS,
    forceAfterMs: config.FORCE_CONFIRM_AFTER_MS,
    sweepEveryMs: config.SWEEP_EVERY_MS,
    sweepAfterMs: config.SWEEP_AFTER_MS,
    runbooksUrl: config.RUNBOOKS_URL,
  };
}

/** A schedule, and the workflow that it starts. */
interface Row {
  everyMs: number;
  id: string;
  workflowType: string;
  /** For which pattern, as it is shown and searched; `all` serves every pattern. */
  pattern: Pattern | 'all';
  input: unknown;
  does: string;
}

function rowsOf(settings: ScheduleSettings): Row[] {
  const { timing, runbooksUrl } = settings;
  const common = { timing, ...(runbooksUrl !== undefined && { runbooksUrl }) };
  const drain: DrainInput = { ...common, limit: drainRowsMax };
  const adopt: AdoptInput = {
    ...common,
    olderThanMs: settings.adoptAfterMs,
    limit: ownersAtOnce,
  };
  const scan: ScanInput = {
    ...common,
    olderThanMs: settings.scanAfterMs,
    cancelAfterMs: settings.scanCancelAfterMs,
    limit: branchesMax,
  };
  const aged = (olderThanMs: number): AgedInput => ({ ...common, olderThanMs, limit: agedAtOnce });
  return [
    {
      everyMs: settings.drainEveryMs,
      id: scheduleIds.drain,
      workflowType: workflowTypes.drainCompensations,
      pattern: 'saga',
      input: drain,
      does: 'tries the compensations that are due',
    },
    {
      everyMs: settings.adoptEveryMs,
      id: scheduleIds.adoption,
      workflowType: workflowTypes.adoptOrders,
      pattern: 'all',
      input: adopt,
      does: 'looks for orders that nobody drives',
    },
    {
      everyMs: settings.scanEveryMs,
      id: scheduleIds.branches,
      workflowType: workflowTypes.scanBranches,
      pattern: 'xa',
      input: scan,
      does: 'looks for branches that were left behind',
    },
    {
      everyMs: settings.forceEveryMs,
      id: scheduleIds.forcedConfirmation,
      workflowType: workflowTypes.forceConfirmations,
      pattern: 'tcc',
      input: aged(settings.forceAfterMs),
      does: 'confirms again what could not be confirmed',
    },
    {
      everyMs: settings.sweepEveryMs,
      id: scheduleIds.sweep,
      workflowType: workflowTypes.sweepReservations,
      pattern: 'tcc',
      input: aged(settings.sweepAfterMs),
      does: 'asks about reservations that are old',
    },
  ];
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
  await Promise.all(
    rowsOf(settings).map(({ everyMs, id, workflowType, pattern, input, does }) =>
      ensure(client, everyMs, {
        type: 'startWorkflow',
        taskQueue: taskQueues.workflow,
        ...(searchable && { typedSearchAttributes: besideAttributes(pattern) }),
        workflowId: id,
        workflowType,
        args: [input],
        staticSummary: `${pattern}: ${does}`,
      }),
    ),
  );
  // Whoever starts may have died with branches prepared, whose locks the shop waits for.
  await client.schedule.getHandle(scheduleIds.branches).trigger(ScheduleOverlapPolicy.SKIP);
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
