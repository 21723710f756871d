import { patched, sleep } from '@temporalio/workflow';
import type { StepTiming } from '../../contracts/limits';
import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { Keyed } from '../../contracts/participants/definition';
import type { Broken, CancelOutcome, ConfirmOutcome, Step, WhenHeld } from '../../contracts/steps';
import {
  allAre,
  has,
  lockedAt,
  withAnswers,
  withFreshAnswers,
  type Answered,
  type Column,
} from './answered';
import { partOf } from './participants';
import { failureMessage } from './reasons';
import { rowsAreLocked } from './rounds';
import { secondPhaseOf, type Asker } from './steps';
import { zip } from './zip';

/** The outcome of one participant's confirm or cancel. */
export type Settled =
  | { kind: 'done' }
  /** It may succeed later. `cause` is text for an operator. */
  | { kind: 'failing'; cause: string }
  /** Another session has locked a row. */
  | { kind: 'locked' }
  /** It can never succeed; raises an alert. */
  | Broken;

/** The second phase of TCC: all participants confirm, or all cancel. */
export type Phase = 'confirm' | 'cancel';

export type Ended = Answered<Settled>;

/**
 * Asks the participants to confirm, or to cancel. Each order gets its answer: a step that fails is
 * one too, and is not thrown.
 */
export async function endReservations(
  participants: readonly RegisteredParticipant[],
  phase: Phase,
  asker: Asker,
  orders: PlacedOrder[],
): Promise<Ended[]> {
  const columns = participants.map((one) => endOne(one, phase, asker, orders, 'tell'));
  return withAnswers(orders, await Promise.all(columns));
}

/** Asks again for what is locked, each participant for all its held orders together. */
export async function endAgain(
  participants: readonly RegisteredParticipant[],
  phase: Phase,
  asker: Asker,
  held: Ended[],
): Promise<Ended[]> {
  const columns = participants.map((one) => endOne(one, phase, asker, lockedAt(one, held), 'wait'));
  return withFreshAnswers(held, await Promise.all(columns));
}

async function endOne(
  participant: RegisteredParticipant,
  phase: Phase,
  asker: Asker,
  all: PlacedOrder[],
  whenHeld: WhenHeld,
): Promise<Column<Settled>> {
  const { orders, commands } = partOf(participant, all);
  const run = secondPhaseOf(participant, phase, asker);
  const answers = await settle(run, commands, asker.timing, whenHeld);
  return { participant, step: participant.steps.tcc[phase], orders, answers };
}

const noAnswer: Settled = { kind: 'failing', cause: 'answered nothing' };

/**
 * One participant's part of a phase, for a batch. What an operator has frozen is asked again after a
 * pause, as often as a step that fails.
 */
export async function settle(
  step: Step<Keyed, ConfirmOutcome | CancelOutcome>,
  commands: Keyed[],
  timing: StepTiming,
  whenHeld: WhenHeld,
  triesLeft = timing.confirmAttemptsMax - 1,
): Promise<Settled[]> {
  if (commands.length === 0) return [];
  let answers: [Keyed, ConfirmOutcome | CancelOutcome][];
  try {
    answers = zip(commands, await step(commands, whenHeld));
  } catch (error) {
    const cause = failureMessage(error);
    return commands.map(() => ({ kind: 'failing', cause }));
  }
  const again = async (command: Keyed, left: number) =>
    (await settle(step, [command], timing, whenHeld, left))[0] ?? noAnswer;
  return Promise.all(
    answers.map(async ([command, outcome]): Promise<Settled> => {
      switch (outcome.kind) {
        case 'done':
        case 'broken':
          return outcome;
        case 'refused':
          return { kind: 'broken', code: 'cancel-after-confirm' };
        case 'locked':
          // Workflows that began before this patch asked for each locked order alone.
          if (commands.length === 1 || patched('held-ended-together')) return outcome;
          return again(command, triesLeft);
        case 'frozen':
          if (triesLeft <= 0) return { kind: 'failing', cause: 'frozen by an operator' };
          await sleep(timing.retryMsMax);
          return again(command, triesLeft - 1);
      }
    }),
  );
}

/** Orders by what came of them. One whose rows stay locked is failing. */
export function byOutcome(ended: Ended[]) {
  const broken = ended.filter((one) => has(one, 'broken'));
  const done = ended.filter((one) => allAre(one, 'done'));
  const failing = ended.filter((one) => !done.includes(one) && !broken.includes(one));
  return { done, broken, failing };
}

/** Why a step did not succeed, for an operator; undefined if it did, or never can. */
export function causeOf(answer: Settled): string | undefined {
  if (answer.kind === 'failing') return answer.cause;
  return answer.kind === 'locked' ? rowsAreLocked : undefined;
}

const alertOf = { confirm: 'confirmation-failing', cancel: 'cancellation-failing' } as const;

/** An order of which a step keeps failing, as an operator's alert names it. */
export function failingOf(phase: Phase, { order, parts }: Ended) {
  const failing = parts.flatMap(({ step, answer }) => {
    const cause = causeOf(answer);
    return cause === undefined ? [] : [`${step}: ${cause}`];
  });
  return { orderId: order.orderId, kind: alertOf[phase], detail: failing.join('; ') };
}
