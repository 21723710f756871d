import { sleep } from '@temporalio/workflow';
import type { BrokenCode } from '../contracts/failures';
import type { StepTiming } from '../contracts/limits';
import type { PlacedOrder } from '../contracts/order';
import type { BrokenOrder, Step, StepOutcome } from '../contracts/steps';
import { pointCommand, stockCommand } from './commands';
import { participantsOf } from './proxies';
import { reasonOf } from './reasons';
import { withAnswers, zip } from './zip';

/** What came of one participant's confirm or cancel. */
export type Settled =
  | { kind: 'done' }
  /** It may succeed another time; `cause` is in the words that an operator reads. */
  | { kind: 'failing'; cause: string }
  /** Somebody holds a row of it: it is to be asked again, alone. */
  | { kind: 'locked' }
  /** An alarm: it never will. */
  | { kind: 'broken'; code: BrokenCode; detail?: string };

/** The second phase of TCC: both participants do the one or the other. */
export type Phase = 'confirm' | 'cancel';

export const phaseSteps = {
  try: { stock: 'tryStock', points: 'tryPoints' },
  confirm: { stock: 'confirmStock', points: 'confirmPoints' },
  cancel: { stock: 'cancelStock', points: 'cancelPoints' },
} as const;

export interface Ended {
  order: PlacedOrder;
  stock: Settled;
  points: Settled;
}

/**
 * Asks both participants to confirm, or to cancel. Each order gets its answer: a step that fails is
 * one too, and is not thrown.
 *
 * @param whenLocked `answer` for a caller who ends the others meanwhile. An order that is asked
 *   alone is never `locked`: it waits for its rows.
 */
export async function endReservations(
  phase: Phase,
  timing: StepTiming,
  orders: PlacedOrder[],
  whenLocked: WhenLocked = 'wait',
): Promise<Ended[]> {
  const { product, point } = participantsOf(timing, timing.confirmAttemptsMax);
  const { stock: stockStep, points: pointStep } = phaseSteps[phase];
  const [stock, points] = await Promise.all([
    settle(product[stockStep], orders.map(stockCommand), timing, whenLocked),
    settle(point[pointStep], orders.map(pointCommand), timing, whenLocked),
  ]);
  return withAnswers(orders, stock, points);
}

const noAnswer: Settled = { kind: 'failing', cause: 'answered nothing' };

/** What is locked is asked again, alone: by us before we answer, or by the caller of this step. */
type WhenLocked = 'wait' | 'answer';

/**
 * One participant's part of a phase, for a batch: what is locked is asked again alone, and what an
 * operator has frozen after a pause, as often as a step that fails.
 */
export async function settle<C extends { orderId: string }>(
  step: Step<C>,
  commands: C[],
  timing: StepTiming,
  whenLocked: WhenLocked = 'wait',
  triesLeft = timing.confirmAttemptsMax - 1,
): Promise<Settled[]> {
  if (commands.length === 0) return [];
  let answers: [C, Awaited<ReturnType<Step<C>>>[number]][];
  try {
    answers = zip(commands, await step(commands));
  } catch (error) {
    const cause = reasonOf(error);
    return commands.map(() => ({ kind: 'failing', cause }));
  }
  const again = async (command: C, left: number) =>
    (await settle(step, [command], timing, whenLocked, left))[0] ?? noAnswer;
  return Promise.all(
    answers.map(async ([command, outcome]): Promise<Settled> => {
      switch (outcome.kind) {
        case 'done':
        case 'broken':
          return outcome;
        case 'refused':
          return { kind: 'broken', code: 'cancel-after-confirm' };
        case 'locked':
          return whenLocked === 'answer' ? outcome : again(command, triesLeft);
        case 'frozen':
          if (triesLeft <= 0) return { kind: 'failing', cause: 'frozen by an operator' };
          await sleep(timing.retryMsMax);
          return again(command, triesLeft - 1);
        default:
          return { kind: 'failing', cause: `answered ${outcome.kind}` };
      }
    }),
  );
}

/** Ended by what came of them, a `locked` part before all else: what is asked again answers again. */
export function byOutcome(ended: Ended[]) {
  const locked = ended.filter(isLocked);
  const known = ended.filter((one) => !isLocked(one));
  return {
    locked,
    done: known.filter(isDone),
    broken: known.filter(isBroken),
    failing: known.filter((one) => !isDone(one) && !isBroken(one)),
  };
}

function isLocked({ stock, points }: Ended): boolean {
  return stock.kind === 'locked' || points.kind === 'locked';
}

function isDone({ stock, points }: Ended): boolean {
  return stock.kind === 'done' && points.kind === 'done';
}

export function isBroken({ stock, points }: Ended): boolean {
  return stock.kind === 'broken' || points.kind === 'broken';
}

/** The first step that is broken, as an operator's alert names it. */
export function brokenOf(
  phase: Phase | 'try',
  { order, stock, points }: { order: PlacedOrder; stock: Answer; points: Answer },
): BrokenOrder {
  const names = phaseSteps[phase];
  const [step, outcome] = stock.kind === 'broken' ? [names.stock, stock] : [names.points, points];
  if (outcome.kind !== 'broken') throw new Error(`Order ${order.orderId} is not broken`);
  const { code, detail } = outcome;
  return { orderId: order.orderId, step, code, ...(detail !== undefined && { detail }) };
}

/** Whatever a participant may have answered: only what is broken is looked into. */
type Answer = Extract<Settled, { kind: 'broken' }> | { kind: NotBroken };
type NotBroken = Exclude<Settled['kind'] | StepOutcome['kind'] | 'given-up', 'broken'>;

const alertOf = { confirm: 'confirmation-failing', cancel: 'cancellation-failing' } as const;

/** An order of which a step keeps failing, as an operator's alert names it. */
export function failingOf(phase: Phase, { order, stock, points }: Ended) {
  const steps = phaseSteps[phase];
  const parts = [
    ...(stock.kind === 'failing' ? [`${steps.stock}: ${stock.cause}`] : []),
    ...(points.kind === 'failing' ? [`${steps.points}: ${points.cause}`] : []),
  ];
  return { orderId: order.orderId, kind: alertOf[phase], detail: parts.join('; ') };
}
