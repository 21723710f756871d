import { CancellationScope, log } from '@temporalio/workflow';
import type { FailureCode } from '../../contracts/failures';
import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { ActionOutcome } from '../../contracts/steps';
import { has, withAnswers, type Answered, type Column } from './answered';
import { partOf } from './participants';
import { failureMessage, reasonToGiveUp } from './reasons';
import type { Run } from './run';
import { actionOf, tryOf } from './steps';
import { answersTo } from './zip';

/** The workflow stopped asking; what the participant did is unknown. */
interface GivenUp {
  kind: 'given-up';
  reason: FailureCode;
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
  },
  try: {
    stepOf: tryOf,
    nameOf: ({ steps }: RegisteredParticipant) => steps.tcc.try,
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

async function askOne(
  run: Run,
  phase: TakingPhase,
  participant: RegisteredParticipant,
  all: PlacedOrder[],
): Promise<Column<Answer>> {
  const { stepOf, nameOf } = phases[phase];
  const step = nameOf(participant);
  const { orders, commands } = partOf(participant, all);
  if (orders.length === 0) return { participant, step, orders, answers: [] };
  try {
    const answers = answersTo(orders, await stepOf(participant, run)(commands));
    return { participant, step, orders, answers };
  } catch (error) {
    const answer = givenUp(step, error);
    return { participant, step, orders, answers: orders.map(() => answer) };
  }
}

/** When we stop asking for a step, its outcome is not known, and that is an outcome too. */
export function givenUp(step: string, error: unknown): GivenUp {
  const reason = reasonToGiveUp(error);
  log.warn('A step was given up', { step, reason, cause: failureMessage(error) });
  return { kind: 'given-up', reason };
}

/**
 * Orders by what follows. A locked one is asked again alone: a transaction that holds its rows must
 * not hold up its neighbours. A broken order is held, but for one whose workflow is cancelled: that
 * cancels its undecided orders.
 */
export function byWhatFollows({ view }: Run, asked: readonly Asked[]) {
  const isToBeHeld = (one: Asked) =>
    has(one, 'broken') && !CancellationScope.current().consideredCancelled;
  const free = asked.filter((one) => !has(one, 'locked'));
  const locked = asked.flatMap((one) => (has(one, 'locked') ? [one.order] : []));
  view.mark(locked, 'held-up');
  return {
    locked,
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
