import { sleep } from '@temporalio/workflow';
import type { StepTiming } from '../../contracts/limits';
import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { Keyed } from '../../contracts/participants/definition';
import type { Broken, CancelOutcome, ConfirmOutcome, Step } from '../../contracts/steps';
import { allAre, has, withAnswers, type Answered } from './answered';
import { partOf } from './participants';
import { failureMessage } from './reasons';
import { secondPhaseOf, type Asker } from './steps';
import { zip } from './zip';

/** The outcome of one participant's confirm or cancel. */
export type Settled =
  | { kind: 'done' }
  /** It may succeed later. `cause` is text for an operator. */
  | { kind: 'failing'; cause: string }
  /** Another session has locked a row; retry the order alone. */
  | { kind: 'locked' }
  /** It can never succeed; raises an alert. */
  | Broken;

/** The second phase of TCC: all participants confirm, or all cancel. */
export type Phase = 'confirm' | 'cancel';

export type Ended = Answered<Settled>;

/**
 * Asks the participants to confirm, or to cancel. Each order gets its answer: a step that fails is
 * one too, and is not thrown.
 *
 * @param whenLocked `answer` for a caller who ends the others meanwhile. An order that is asked
 *   alone is never `locked`: it waits for its rows.
 */
export async function endReservations(
  participants: readonly RegisteredParticipant[],
  phase: Phase,
  asker: Asker,
  orders: PlacedOrder[],
  whenLocked: WhenLocked = 'wait',
): Promise<Ended[]> {
  const columns = participants.map(async (participant) => {
    const { orders: asked, commands } = partOf(participant, orders);
    const run = secondPhaseOf(participant, phase, asker);
    const answers = await settle(run, commands, asker.timing, whenLocked);
    return { participant, step: participant.steps.tcc[phase], orders: asked, answers };
  });
  return withAnswers(orders, await Promise.all(columns));
}

const noAnswer: Settled = { kind: 'failing', cause: 'answered nothing' };

/** Who retries locked orders alone: this step (`wait`) or its caller (`answer`). */
type WhenLocked = 'wait' | 'answer';

/**
 * One participant's part of a phase, for a batch: what is locked is asked again alone, and what an
 * operator has frozen after a pause, as often as a step that fails.
 */
export async function settle(
  step: Step<Keyed, ConfirmOutcome | CancelOutcome>,
  commands: Keyed[],
  timing: StepTiming,
  whenLocked: WhenLocked = 'wait',
  triesLeft = timing.confirmAttemptsMax - 1,
): Promise<Settled[]> {
  if (commands.length === 0) return [];
  let answers: [Keyed, ConfirmOutcome | CancelOutcome][];
  try {
    answers = zip(commands, await step(commands));
  } catch (error) {
    const cause = failureMessage(error);
    return commands.map(() => ({ kind: 'failing', cause }));
  }
  const again = async (command: Keyed, left: number) =>
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
      }
    }),
  );
}

/**
 * Ended by what came of them, a `locked` part before all else: what is asked again answers again.
 */
export function byOutcome(ended: Ended[]) {
  const known = ended.filter((one) => !has(one, 'locked'));
  const broken = known.filter((one) => has(one, 'broken'));
  return {
    locked: ended.filter((one) => has(one, 'locked')),
    done: known.filter((one) => allAre(one, 'done')),
    broken,
    failing: known.filter((one) => !allAre(one, 'done') && !broken.includes(one)),
  };
}

const alertOf = { confirm: 'confirmation-failing', cancel: 'cancellation-failing' } as const;

/** An order of which a step keeps failing, as an operator's alert names it. */
export function failingOf(phase: Phase, { order, parts }: Ended) {
  const failing = parts.flatMap(({ step, answer }) =>
    answer.kind === 'failing' ? [`${step}: ${answer.cause}`] : [],
  );
  return { orderId: order.orderId, kind: alertOf[phase], detail: failing.join('; ') };
}
