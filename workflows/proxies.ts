import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { StepTiming } from '../contracts/limits';
import { taskQueues } from '../contracts/names';
import type { OrderActivities, PointActivities, ProductActivities } from '../contracts/steps';
import { summaryOfStep, type Steps } from './summaries';

/**
 * How hard each kind of step is tried. The three kinds differ in one thing: when to give up.
 */

type Actions = Pick<ProductActivities, 'deductStock'> & Pick<PointActivities, 'usePoints'>;
type Compensations = Pick<ProductActivities, 'restoreStock'> &
  Pick<PointActivities, 'refundPoints'>;

type Patience = Pick<ActivityOptions, 'scheduleToCloseTimeout' | 'retry'>;

/** Actions are given up after a while: the order is then cancelled as `unavailable`. */
export function actionsOf(timing: StepTiming): Actions {
  const options = { scheduleToCloseTimeout: timing.actionMsMax };
  const { deductStock } = proxy(timing, taskQueues.product, options);
  const { usePoints } = proxy(timing, taskQueues.point, options);
  return { deductStock, usePoints };
}

/** Compensations get a few quick tries, and then go into the registry, which never gives up. */
export function compensationsOf(
  timing: StepTiming,
  attemptsMax = timing.compensationAttemptsMax,
): Compensations {
  const options = {
    // A worker that is away would otherwise hold the compensation in its queue for ever.
    scheduleToCloseTimeout: timing.actionMsMax,
    retry: { maximumAttempts: attemptsMax },
  };
  const { restoreStock } = proxy(timing, taskQueues.product, options);
  const { refundPoints } = proxy(timing, taskQueues.point, options);
  return { restoreStock, refundPoints };
}

/** The order's own row is written for ever: without it nothing can be decided or ended. */
export function orderSteps(timing: StepTiming): OrderActivities {
  return proxy(timing, taskQueues.order, {});
}

/**
 * Pauses beyond the first are timers of the workflow's, where we give up after a while. SDK 1.24
 * would otherwise wait them out by itself, and never tells of a limit that is reached in one: the
 * workflow would hang for ever.
 */
function timersFor({ firstRetryMs }: StepTiming, { scheduleToCloseTimeout }: Patience) {
  return scheduleToCloseTimeout === undefined ? {} : { localRetryThreshold: firstRetryMs };
}

function proxy(timing: StepTiming, taskQueue: string, patience: Patience): Steps {
  const options = {
    ...patience,
    startToCloseTimeout: timing.attemptMsMax,
    // A cancelled action may still be executing; the tombstone, not waiting, keeps that harmless.
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: timing.firstRetryMs,
      maximumInterval: timing.retryMsMax,
      backoffCoefficient: 2,
      ...patience.retry,
    },
  };
  const call = (step: string, args: unknown[]) => {
    // Each call says what it is for, so that a pending one explains itself in the Temporal UI.
    const summary = summaryOfStep(step, args);
    const steps =
      timing.placement === 'local'
        ? proxyLocalActivities({ ...options, ...timersFor(timing, patience), summary })
        : proxyActivities({ ...options, taskQueue, summary });
    return steps[step]?.(...args);
  };
  return new Proxy({} as Steps, {
    get:
      (_, step) =>
      (...args: unknown[]) =>
        call(String(step), args),
  });
}
