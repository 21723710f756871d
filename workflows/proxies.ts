import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { StepTiming } from '../contracts/limits';
import { taskQueues } from '../contracts/names';
import type { OrderActivities, PointActivities, ProductActivities } from '../contracts/steps';

/**
 * How hard each kind of step is tried. The three kinds differ in one thing: when to give up.
 */

type Actions = Pick<ProductActivities, 'deductStock'> & Pick<PointActivities, 'usePoints'>;
type Compensations = Pick<ProductActivities, 'restoreStock'> &
  Pick<PointActivities, 'refundPoints'>;

/** Actions are given up after a while: the order is then cancelled as `unavailable`. */
export function actionsOf(timing: StepTiming): Actions {
  const options = { scheduleToCloseTimeout: timing.actionMsMax };
  const { deductStock } = proxy<ProductActivities>(timing, taskQueues.product, options);
  const { usePoints } = proxy<PointActivities>(timing, taskQueues.point, options);
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
  const { restoreStock } = proxy<ProductActivities>(timing, taskQueues.product, options);
  const { refundPoints } = proxy<PointActivities>(timing, taskQueues.point, options);
  return { restoreStock, refundPoints };
}

/** The order's own row is written for ever: without it nothing can be decided or ended. */
export function orderSteps(timing: StepTiming): OrderActivities {
  return proxy<OrderActivities>(timing, taskQueues.order, {});
}

function proxy<A extends object>(
  timing: StepTiming,
  taskQueue: string,
  patience: Pick<ActivityOptions, 'scheduleToCloseTimeout' | 'retry'>,
) {
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
  return timing.placement === 'local'
    ? proxyLocalActivities<A>(options)
    : proxyActivities<A>({ ...options, taskQueue });
}
