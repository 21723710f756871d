import {
  ActivityCancellationType,
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  CancellationScope,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { BranchStep, FindBranches } from '../../contracts/branches';
import type {
  Delivery,
  OrderEventActivities,
  OrderEvents,
  React,
} from '../../contracts/deliveries';
import type { OrderEvent } from '../../contracts/events';
import { defaultTiming, type StepTiming } from '../../contracts/limits';
import { branchQueueOf, stepNotHere, taskQueues, waitingQueueOf } from '../../contracts/names';
import type { ParticipantName, RegisteredParticipant, Service } from '../../contracts/participants';
import { eventsOfName, reactsName } from '../../contracts/participants/activities';
import type { Keyed } from '../../contracts/participants/definition';
import type { FindWork, SettingsActivities } from '../../contracts/recovery';
import type { AgedQuery, FreezeCommand } from '../../contracts/reservations';
import type {
  ActionOutcome,
  CancelOutcome,
  CompensationOutcome,
  ConfirmOutcome,
  FreezeOutcome,
  LockActivities,
  OrderActivities,
  PrepareOutcome,
  Step,
} from '../../contracts/steps';
import { askPatiently, type Part } from './patience';
import { summaryOfStep } from './summaries';

/** How hard each kind of step is tried: the kinds differ in when to give up. */

/** It only reads what its process was told. */
const settingsMsMax = 5_000;

type RetryLimits = Pick<ActivityOptions, 'scheduleToCloseTimeout' | 'retry'>;
/** Given up once `actionMsMax` have passed in which a worker ran the workflow: see patience.ts. */
const whileWeRun = 'while we run';
type HowLong = RetryLimits | typeof whileWeRun;

type AnyStep = (...args: never[]) => Promise<unknown>;

/** Hears of each step that is asked for, and of what comes of it before its caller goes on. */
export interface StepWatcher {
  follow(step: string, args: readonly unknown[], answer: Promise<unknown>): void;
}

/** Who asks for a step: how patient it is, and what watches its steps. */
export interface Asker {
  timing: StepTiming;
  view?: StepWatcher;
}

/** A step by its name. The name decides what it takes and answers, so the caller states its type. */
function stepOf(
  { timing, view }: Asker,
  taskQueue: string,
  howLong: HowLong,
  name: string,
  isShielded = false,
): AnyStep {
  return (...args: unknown[]) => {
    const asked = () => ask(timing, taskQueue, howLong, name, args);
    const answer = isShielded ? CancellationScope.nonCancellable(asked) : asked();
    view?.follow(name, args, answer);
    return answer;
  };
}

/**
 * A step that takes balances or gives them back. Asked to wait for locked rows, it goes to the slots
 * for that, as an ordinary activity in every placement, and is tried as long as such waits may last.
 */
function heldStepOf(
  service: ParticipantName | 'lock',
  { timing, view }: Asker,
  howLong: HowLong,
  name: string,
): Step<Keyed, never> {
  const { heldMsMax = defaultTiming.heldMsMax } = timing;
  const retry = howLong === whileWeRun ? {} : howLong.retry;
  const tells = stepOf({ timing, ...(view && { view }) }, service, howLong, name);
  const waits = stepOf(
    separately({ timing, ...(view && { view }) }),
    waitingQueueOf(service),
    { scheduleToCloseTimeout: Math.max(heldMsMax, timing.actionMsMax), ...(retry && { retry }) },
    name,
  );
  return (commands, whenHeld) =>
    (whenHeld === 'wait' ? waits : tells)(...([commands, whenHeld] as never[])) as Promise<never[]>;
}

/** As an ordinary activity in every placement. */
function separately({ timing, view }: Asker): Asker {
  return { timing: { ...timing, placement: 'separate' }, ...(view && { view }) };
}

/** An action is given up after a while: the order is then cancelled as `unavailable`. */
export function actionOf(p: RegisteredParticipant, asker: Asker) {
  return heldStepOf(p.name, asker, whileWeRun, p.steps.saga.action) as Step<Keyed, ActionOutcome>;
}

/** A compensation gets a few quick tries, and then goes into the registry, which never gives up. */
export function compensationOf(
  p: RegisteredParticipant,
  asker: Asker,
  attemptsMax = asker.timing.compensationAttemptsMax,
) {
  const howLong = aFewTries(asker.timing, attemptsMax);
  return heldStepOf(p.name, asker, howLong, p.steps.saga.compensation) as Step<
    Keyed,
    CompensationOutcome
  >;
}

/** A try is given up like an action. */
export function tryOf(p: RegisteredParticipant, asker: Asker) {
  return heldStepOf(p.name, asker, whileWeRun, p.steps.tcc.try) as Step<Keyed, ActionOutcome>;
}

/** A confirm or a cancel gets a few tries, and is then left to its schedule. */
export function secondPhaseOf(p: RegisteredParticipant, phase: 'confirm' | 'cancel', asker: Asker) {
  const howLong = aFewTries(asker.timing, asker.timing.confirmAttemptsMax);
  return heldStepOf(p.name, asker, howLong, p.steps.tcc[phase]) as Step<
    Keyed,
    ConfirmOutcome | CancelOutcome
  >;
}

/** A freeze is given up like an action. */
export function freezeOf(p: RegisteredParticipant, asker: Asker) {
  return stepOf(asker, p.name, whileWeRun, p.steps.tcc.freeze) as Step<
    FreezeCommand,
    FreezeOutcome
  >;
}

/** What was frozen must be thawed, however long that takes. */
export function thawOf(p: RegisteredParticipant, asker: Asker) {
  return stepOf(asker, p.name, {}, p.steps.tcc.thaw) as Step<FreezeCommand, FreezeOutcome>;
}

/** Finds a participant's old reservations, in a few tries. */
export function agedOf(p: RegisteredParticipant, asker: Asker) {
  const howLong = aFewTries(asker.timing, asker.timing.confirmAttemptsMax);
  return stepOf(asker, p.name, howLong, p.steps.tcc.aged) as (query: AgedQuery) => Promise<Keyed[]>;
}

/** A prepare is given up like an action. */
export function prepareOf(p: RegisteredParticipant, asker: Asker) {
  return heldStepOf(p.name, asker, whileWeRun, p.steps.xa.prepare) as Step<Keyed, PrepareOutcome>;
}

/**
 * Ending a branch gets a few tries before an operator is told; with `Infinity` it is retried without
 * limit. It is an ordinary activity in every placement: it must not wait for a slot behind a
 * prepare that waits for its rows.
 */
export function branchEndOf(
  p: RegisteredParticipant,
  end: 'commit' | 'rollback',
  asker: Asker,
  attemptsMax: number,
) {
  const howLong = attemptsMax === Infinity ? {} : aFewTries(asker.timing, attemptsMax);
  return stepOf(separately(asker), branchQueueOf(p.name), howLong, p.steps.xa[end]) as BranchStep;
}

/** One try: a participant that is away is looked at by the next run. */
export function branchFinderOf(p: RegisteredParticipant, asker: Asker) {
  return stepOf(asker, p.name, aFewTries(asker.timing, 1), p.steps.xa.find) as FindBranches;
}

/** For a look: a service that does not answer soon is asked by the next one. */
function impatient(timing: StepTiming): RetryLimits {
  return { scheduleToCloseTimeout: 2 * timing.attemptMsMax, retry: { maximumAttempts: 2 } };
}

/** What a participant has to recover. */
export function workFinderOf(p: RegisteredParticipant, asker: Asker) {
  return stepOf(asker, p.name, impatient(asker.timing), p.steps.findWork) as FindWork;
}

/** The baseline's one step is an action, and is given up like one. */
export function placeInOneOf(asker: Asker): LockActivities['placeInOneTransaction'] {
  return heldStepOf('lock', asker, whileWeRun, 'placeInOneTransaction');
}

/** Writing the order's own row is retried without limit: nothing can be decided or ended before. */
export function orderSteps(asker: Asker): OrderActivities {
  return stepsOn(asker, taskQueues.order, {});
}

/** The same, shielded: cancelling the workflow does not interrupt them. */
export function shieldedOrderSteps(asker: Asker): OrderActivities {
  return stepsOn(asker, taskQueues.order, {}, true);
}

/** The order service, for a caller that can do without its answer and asks another time. */
export function orderStepsWithDeadline(asker: Asker): OrderActivities {
  const howLong = { scheduleToCloseTimeout: asker.timing.actionMsMax };
  return stepsOn(asker, taskQueues.order, howLong);
}

/** The same with one try, for a caller that leaves a row that is held to the next run. */
export function orderStepsOnce(asker: Asker): OrderActivities {
  return stepsOn(asker, taskQueues.order, aFewTries(asker.timing, 1));
}

/** The order service, for a look. */
export function lookedAtOrderSteps(asker: Asker): OrderActivities {
  return stepsOn(asker, taskQueues.order, impatient(asker.timing));
}

/** The settings of the process that runs the workflows, whatever the placement. */
export function settingsSteps(): SettingsActivities {
  return proxyLocalActivities<SettingsActivities>({
    startToCloseTimeout: settingsMsMax,
    summary: 'the settings of this process',
  });
}

interface ServiceReactions {
  react: React;
  /** The same, until no row that an event needs is locked; in the slots for such waits. */
  reactWhenFree: (events: readonly OrderEvent[]) => Promise<Delivery[]>;
  eventsOf: (orderId: string) => Promise<OrderEvents>;
}

/** Reactions are retried without limit: a subscriber that is away parks nothing. */
export function reactionsOf(service: Service, asker: Asker): ServiceReactions {
  const name = reactsName(service);
  const waits = (
    service === 'order'
      ? stepOf(asker, service, {}, name)
      : stepOf(separately(asker), waitingQueueOf(service), {}, name)
  ) as React;
  return {
    react: stepOf(asker, service, {}, name) as React,
    reactWhenFree: (held) => waits(held, undefined, 'wait'),
    eventsOf: stepOf(asker, service, {}, eventsOfName(service)) as (
      orderId: string,
    ) => Promise<OrderEvents>,
  };
}

/** The order service's part in choreography, retried without limit too. */
export function orderEventSteps(asker: Asker): OrderEventActivities {
  return stepsOn(asker, taskQueues.order, {});
}

function aFewTries({ actionMsMax }: StepTiming, maximumAttempts: number): RetryLimits {
  // Without a limit the step would stay in the queue of a worker that is away.
  return { scheduleToCloseTimeout: actionMsMax, retry: { maximumAttempts } };
}

/**
 * Pauses beyond the first are timers of the workflow's, where we give up after a while. SDK 1.24
 * would otherwise wait them out by itself, and never tells of a limit that is reached in one: the
 * workflow would never go on.
 */
function timersFor({ firstRetryMs }: StepTiming, { scheduleToCloseTimeout }: RetryLimits) {
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

type OwnSteps = OrderActivities & OrderEventActivities;

/** All steps of one queue, each by its name. */
function stepsOn(asker: Asker, taskQueue: string, howLong: HowLong, isShielded = false): OwnSteps {
  return new Proxy({} as OwnSteps, {
    get: (_, name) => stepOf(asker, taskQueue, howLong, String(name), isShielded),
  });
}

function ask(
  timing: StepTiming,
  taskQueue: string,
  howLong: HowLong,
  step: string,
  args: unknown[],
): Promise<unknown> {
  if (howLong !== whileWeRun) return askOnce(timing, taskQueue, howLong, step, args);
  return askPatiently(timing, ({ msMax, firstRetryMs }: Part) => {
    const limits = { scheduleToCloseTimeout: msMax, retry: { initialInterval: firstRetryMs } };
    return askOnce(timing, taskQueue, limits, step, args);
  });
}

type Proxied = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** Asks for one step, once. */
function askOnce(
  timing: StepTiming,
  taskQueue: string,
  patience: RetryLimits,
  step: string,
  args: unknown[],
): Promise<unknown> {
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
    // Says in the Temporal UI for whom a pending call is.
    summary: summaryOfStep(step, args),
  };
  const run = (steps: Proxied): Promise<unknown> => {
    const call = steps[step];
    if (!call) throw new Error(`There is no step ${step}`);
    return call(...args);
  };
  const onItsQueue = () => run(proxyActivities({ ...options, taskQueue }));
  if (timing.placement === 'separate') return onItsQueue();
  const here = proxyLocalActivities({ ...options, ...timersFor(timing, patience) });
  return run(here).catch((error: unknown) => {
    if (!isNotHere(error)) throw error;
    return onItsQueue();
  });
}
