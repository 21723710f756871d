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

/** The workflow stopped asking; what the participant did is unknown. */
interface GivenUp {
  kind: 'given-up';
  reason: FailureCode;
  cause?: string;
}

/**
 * The outcome of an action or a try: the participant's answer, or that the workflow stopped asking.
 */
export type Answer = ActionOutcome | GivenUp;
export type Asked = Answered<Answer>;

/** The steps that take, in the two patterns that ask all participants together. */
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

/** Asks all participants at once, because they are independent. */
export async function askAll(
  run: Run,
  phase: TakingPhase,
  orders: PlacedOrder[],
): Promise<Asked[]> {
  const columns = run.participants.map((one) => askOne(run, phase, one, orders));
  return withAnswers(orders, await Promise.all(columns));
}

/** If the workflow stops asking, the answer is that the outcome is unknown. */
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

/** The reason to cancel an order whose step was abandoned. */
export function reasonToGiveUp(error: unknown): FailureCode {
  return isCancellation(error) ? 'cancelled-by-operator' : 'unavailable';
}

/**
 * Groups orders by what follows. Locked orders are asked again alone, so a transaction that locks
 * one order's rows does not block the others. A broken order is held, unless the workflow is
 * cancelled, which cancels its undecided orders.
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
 * The reason to cancel an order. The first participant in registration order that refused
 * determines it, so a repeat names the same reason.
 */
export function reasonToCancel({ parts }: Asked, cancelled: boolean): FailureCode {
  const answers = parts.map(({ answer }) => answer);
  const refused = answers.find((answer) => answer.kind === 'rejected');
  const doubtful = answers.find((answer) => answer.kind === 'given-up');
  return refused?.code ?? doubtful?.reason ?? (cancelled ? 'cancelled-by-operator' : 'unavailable');
}
