import {
  ActivityCancellationType,
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { StepTiming } from '../contracts/limits';
import { branchQueueOf, stepNotHere, taskQueues } from '../contracts/names';
import type { OrderEventActivities } from '../contracts/deliveries';
import type { ActivitiesOf, EventActivitiesOf } from '../contracts/participants/activities';
import type { point } from '../contracts/participants/point';
import type { product } from '../contracts/participants/product';
import type { SettingsActivities } from '../contracts/recovery';
import type { LockActivities, OrderActivities } from '../contracts/steps';
import { askPatiently, type Part } from './patience';
import { summaryOfStep, type Steps } from './summaries';

type ProductActivities = ActivitiesOf<typeof product>;
type PointActivities = ActivitiesOf<typeof point>;
type EventActivities = OrderEventActivities &
  EventActivitiesOf<typeof product> &
  EventActivitiesOf<typeof point>;

/** How hard each kind of step is tried: the kinds differ in when to give up. */

type Actions = Pick<ProductActivities, 'deductStock'> & Pick<PointActivities, 'usePoints'>;
type Compensations = Pick<ProductActivities, 'restoreStock'> &
  Pick<PointActivities, 'refundPoints'>;

type Prepares = Pick<ProductActivities, 'prepareStock'> & Pick<PointActivities, 'preparePoints'>;
export type BranchEnds = Pick<ProductActivities, 'commitStock' | 'rollbackStock'> &
  Pick<PointActivities, 'commitPoints' | 'rollbackPoints'>;
type BranchFinders = Pick<ProductActivities, 'findStockBranches'> &
  Pick<PointActivities, 'findPointBranches'>;

/** It only reads what its process was told. */
const settingsMsMax = 5_000;

type Patience = Pick<ActivityOptions, 'scheduleToCloseTimeout' | 'retry'>;
/** Given up once `actionMsMax` have passed in which a worker ran the workflow: see patience.ts. */
const whileWeRun = 'while we run';

/** Actions are given up after a while: the order is then cancelled as `unavailable`. */
export function actionsOf(timing: StepTiming): Actions {
  const { deductStock } = proxy(timing, 'product', whileWeRun);
  const { usePoints } = proxy(timing, 'point', whileWeRun);
  return { deductStock, usePoints };
}

/** The baseline's one step is an action, and is given up like one. */
export function lockSteps(timing: StepTiming): LockActivities {
  return proxy(timing, taskQueues.lock, whileWeRun);
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
  const { restoreStock } = proxy(timing, 'product', options);
  const { refundPoints } = proxy(timing, 'point', options);
  return { restoreStock, refundPoints };
}

/** A prepare is given up like an action: the order is then cancelled as `unavailable`. */
export function preparesOf(timing: StepTiming): Prepares {
  const { prepareStock } = proxy(timing, 'product', whileWeRun);
  const { preparePoints } = proxy(timing, 'point', whileWeRun);
  return { prepareStock, preparePoints };
}

/**
 * What ends a branch gets a few tries before somebody is told, or is tried for ever. It is an
 * ordinary activity in every placement, so that it never waits for a slot behind who waits for it.
 */
export function branchEndsOf(given: StepTiming, attemptsMax: number): BranchEnds {
  const timing = { ...given, placement: 'separate' } as const;
  const options =
    attemptsMax === Infinity
      ? {}
      : {
          scheduleToCloseTimeout: timing.actionMsMax,
          retry: { maximumAttempts: attemptsMax },
        };
  const { commitStock, rollbackStock } = proxy(timing, branchQueueOf('product'), options);
  const { commitPoints, rollbackPoints } = proxy(timing, branchQueueOf('point'), options);
  return { commitStock, rollbackStock, commitPoints, rollbackPoints };
}

/** One try: a participant that is away is looked at by the next run. */
export function branchFindersOf(timing: StepTiming): BranchFinders {
  const options = { scheduleToCloseTimeout: timing.actionMsMax, retry: { maximumAttempts: 1 } };
  const { findStockBranches } = proxy(timing, 'product', options);
  const { findPointBranches } = proxy(timing, 'point', options);
  return { findStockBranches, findPointBranches };
}

interface Participants {
  product: ProductActivities;
  point: PointActivities;
}

/** TCC: whatever is asked of the participants is given up after a while, or after so many tries. */
export function participantsOf(timing: StepTiming, attemptsMax?: number): Participants {
  return participantsWith(
    timing,
    attemptsMax === undefined
      ? whileWeRun
      : { scheduleToCloseTimeout: timing.actionMsMax, retry: { maximumAttempts: attemptsMax } },
  );
}

/** TCC: what was frozen must be thawed, however long that takes. */
export function untiringParticipants(timing: StepTiming): Participants {
  return participantsWith(timing, {});
}

function participantsWith(
  timing: StepTiming,
  patience: Patience | typeof whileWeRun,
): Participants {
  return {
    product: proxy(timing, 'product', patience),
    point: proxy(timing, 'point', patience),
  };
}

/** The order service, for who can do without its answer and ask another time. */
export function impatientOrderSteps(timing: StepTiming): OrderActivities {
  return proxy(timing, taskQueues.order, { scheduleToCloseTimeout: timing.actionMsMax });
}

/** The same with one try, for who goes on without what cannot be done now, such as a held row. */
export function orderStepsOnce(timing: StepTiming): OrderActivities {
  const retry = { maximumAttempts: 1 };
  return proxy(timing, taskQueues.order, { scheduleToCloseTimeout: timing.actionMsMax, retry });
}

/** For a look: a service that does not answer soon is asked by the next one. */
export function lookersOf(timing: StepTiming) {
  const options = {
    scheduleToCloseTimeout: 2 * timing.attemptMsMax,
    retry: { maximumAttempts: 2 },
  };
  return {
    ...participantsWith(timing, options),
    order: proxy(timing, taskQueues.order, options) as OrderActivities,
  };
}

/** The settings of the process that runs the workflows, whatever the placement. */
export function settingsSteps(): SettingsActivities {
  return proxyLocalActivities<SettingsActivities>({
    startToCloseTimeout: settingsMsMax,
    summary: 'the settings of this process',
  });
}

/** Writing the order's own row is tried for ever: without it nothing can be decided or ended. */
export function orderSteps(timing: StepTiming): OrderActivities {
  return proxy(timing, taskQueues.order, {});
}

/** Reactions are tried for ever: a subscriber that is away parks nothing, it is waited for. */
export function reactionsOf(timing: StepTiming) {
  const order: EventActivities = proxy(timing, taskQueues.order, {});
  const product: EventActivities = proxy(timing, 'product', {});
  const point: EventActivities = proxy(timing, 'point', {});
  return {
    order: { react: order.orderReacts, eventsOf: order.eventsOfOrder },
    product: { react: product.productReacts, eventsOf: product.eventsOfProduct },
    point: { react: point.pointReacts, eventsOf: point.eventsOfPoint },
    settleOrder: order.settleOrder,
    resolveParked: order.resolveParked,
  };
}

/**
 * Pauses beyond the first are timers of the workflow's, where we give up after a while. SDK 1.24
 * would otherwise wait them out by itself, and never tells of a limit that is reached in one: the
 * workflow would hang for ever.
 */
function timersFor({ firstRetryMs }: StepTiming, { scheduleToCloseTimeout }: Patience) {
  return scheduleToCloseTimeout === undefined ? {} : { localRetryThreshold: firstRetryMs };
}

/**
 * The placement is the one that held when the workflow began. When it was `local`, and the process
 * that runs the workflow now leaves the steps to the services' own, the step is on its queue.
 */
function isNotHere(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === stepNotHere;
}

function proxy(
  timing: StepTiming,
  taskQueue: string,
  patience: Patience | typeof whileWeRun,
): Steps {
  const call = (step: string, args: unknown[]) => {
    const ask = (limits: Patience) => askOnce(timing, taskQueue, limits, step, args);
    if (patience !== whileWeRun) return ask(patience);
    return askPatiently(timing, async ({ msMax, firstRetryMs }: Part): Promise<unknown> =>
      ask({ scheduleToCloseTimeout: msMax, retry: { initialInterval: firstRetryMs } }),
    );
  };
  return new Proxy({} as Steps, {
    get:
      (_, step) =>
      (...args: unknown[]) =>
        call(String(step), args),
  });
}

/** Asks for one step, once. */
function askOnce(
  timing: StepTiming,
  taskQueue: string,
  patience: Patience,
  step: string,
  args: unknown[],
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
    // Each call says what it is for, so that a pending one explains itself in the Temporal UI.
    summary: summaryOfStep(step, args),
  };
  const onItsQueue = () => proxyActivities({ ...options, taskQueue })[step]?.(...args);
  if (timing.placement === 'separate') return onItsQueue();
  const here = proxyLocalActivities({ ...options, ...timersFor(timing, patience) })[step];
  return here?.(...args).catch((error: unknown) => {
    if (!isNotHere(error)) throw error;
    return onItsQueue();
  });
}
