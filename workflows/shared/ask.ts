import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { FailureCode } from '../../contracts/failures';
import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { ActionOutcome } from '../../contracts/steps';
import { has, withAnswers, type Answered, type Column } from './answered';
import { partOf } from './participants';
import { reasonOf } from './reasons';
import type { Run } from './run';
import { actionOf, tryOf } from './steps';
import { answersTo } from './zip';

/** We stopped asking: what the participant did is not known. */
interface GivenUp {
  kind: 'given-up';
  reason: FailureCode;
  cause?: string;
}

/** What came of an action or a try: the participant's word, or that we stopped asking. */
export type Answer = ActionOutcome | GivenUp;
export type Asked = Answered<Answer>;

/** What takes, in the two patterns that ask all participants together. */
const phases = {
  action: {
    stepOf: actionOf,
    nameOf: ({ steps }: RegisteredParticipant) => steps.saga.action,
    givenUp: 'An action was given up',
  },
  try: {
    stepOf: tryOf,
    nameOf: ({ steps }: RegisteredParticipant) => steps.tcc.try,
    givenUp: 'A try was given up',
  },
} as const;
export type TakingPhase = keyof typeof phases;

/** Asks all participants at once: none needs anything of the others. */
export async function askAll(
  run: Run,
  phase: TakingPhase,
  orders: PlacedOrder[],
): Promise<Asked[]> {
  const columns = run.participants.map((one) => askOne(run, phase, one, orders));
  return withAnswers(orders, await Promise.all(columns));
}

/** When we stop asking, the outcome is not known, and that is an outcome too. */
async function askOne(
  { timing, view }: Run,
  phase: TakingPhase,
  participant: RegisteredParticipant,
  all: PlacedOrder[],
): Promise<Column<Answer>> {
  const { stepOf, nameOf, givenUp } = phases[phase];
  const step = nameOf(participant);
  const { orders, commands } = partOf(participant, all);
  if (orders.length === 0) return { participant, step, orders, answers: [] };
  view.asked(step, orders);
  let answers: Answer[];
  try {
    answers = answersTo(orders, await stepOf(participant, timing)(commands));
  } catch (error) {
    const reason = reasonToGiveUp(error);
    const cause = reasonOf(error);
    log.warn(givenUp, { reason, cause });
    answers = orders.map(() => ({ kind: 'given-up', reason, cause }));
  }
  view.answered(step, orders, answers);
  return { participant, step, orders, answers };
}

/** Why an order is cancelled whose step was given up. */
export function reasonToGiveUp(error: unknown): FailureCode {
  return isCancellation(error) ? 'cancelled-by-operator' : 'unavailable';
}

/**
 * Asked by what follows. What is locked is asked again alone, so that a transaction that holds the
 * rows of one order does not hold up its neighbours. A broken order is held, but for one whose
 * workflow is cancelled: that cancels its undecided orders.
 */
export function byWhatFollows(asked: readonly Asked[]) {
  const isToBeHeld = (one: Asked) =>
    has(one, 'broken') && !CancellationScope.current().consideredCancelled;
  const free = asked.filter((one) => !has(one, 'locked'));
  return {
    locked: asked.filter((one) => has(one, 'locked')),
    broken: free.filter(isToBeHeld),
    settled: free.filter((one) => !isToBeHeld(one)),
  };
}

/**
 * Why an order is cancelled that not all participants have done their part for. The refusal of the
 * first that refused is named: a caller who lacks several things is told of the same one each time.
 */
export function reasonToCancel({ parts }: Asked, cancelled: boolean): FailureCode {
  const answers = parts.map(({ answer }) => answer);
  const refused = answers.find((answer) => answer.kind === 'rejected');
  const doubtful = answers.find((answer) => answer.kind === 'given-up');
  return refused?.code ?? doubtful?.reason ?? (cancelled ? 'cancelled-by-operator' : 'unavailable');
}
