import { CancellationScope, log } from '@temporalio/workflow';
import type { FailureCode } from '../../contracts/failures';
import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { ActionOutcome, WhenHeld } from '../../contracts/steps';
import {
  has,
  lockedAt,
  ordersOf,
  withAnswers,
  withFreshAnswers,
  type Answered,
  type Column,
} from './answered';
import { partOf } from './participants';
import { failureMessage, reasonToGiveUp } from './reasons';
import { inRounds, type Rounds } from './rounds';
import type { Run } from './run';
import { actionOf, tryOf } from './steps';
import { answersTo, zip } from './zip';

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

/** Asks all participants for a batch, and again for the orders whose rows other sessions hold. */
export async function takeInRounds(
  run: Run,
  phase: TakingPhase,
  orders: PlacedOrder[],
  rounds: Required<Pick<Rounds<Asked>, 'handOn' | 'startAgain'>>,
): Promise<void> {
  await inRounds(run.timing, await askAll(run, phase, orders), {
    askAgain: (held, round) => askAgain(run, phase, held, round),
    giveUp: giveUpHeld,
    onHeld: (held) => run.view.mark(ordersOf(held), 'held-up'),
    ...rounds,
  });
}

/** Asks all participants at once, because they are independent. */
async function askAll(run: Run, phase: TakingPhase, orders: PlacedOrder[]): Promise<Asked[]> {
  const columns = run.participants.map((one) => askOne(run, phase, one, orders, 'tell'));
  return withAnswers(orders, await Promise.all(columns));
}

/**
 * Asks the participants again that have told of locked rows, each for all held orders together. An
 * order that was cancelled meanwhile waits no longer.
 */
function askAgain(run: Run, phase: TakingPhase, held: Asked[], round: number): Promise<Asked[]> {
  return unlessCancelled(run, held, round, async (rest) => {
    const columns = run.participants.map((participant) =>
      askOne(run, phase, participant, lockedAt(participant, rest), 'wait'),
    );
    return withFreshAnswers(rest, await Promise.all(columns));
  });
}

/** Asks again for held orders, and gives up those that were cancelled since the round before. */
export async function unlessCancelled<One extends Taking>(
  { order: service }: Run,
  held: One[],
  round: number,
  ask: (rest: One[]) => Promise<One[]>,
): Promise<One[]> {
  if (round === 1) return ask(held);
  const decisions = await service.readDecisions(held.map(({ order }) => order.orderId));
  const read = zip(held, decisions);
  const pick = (isWanted: boolean) =>
    read.flatMap(([one, decision]) => ((decision === 'CANCEL') === isWanted ? [] : [one]));
  const rest = pick(true);
  return [...(rest.length > 0 ? await ask(rest) : []), ...giveUpHeld(pick(false))];
}

/** An order with the answers of steps that take something. */
interface Taking {
  order: PlacedOrder;
  parts: readonly { answer: Answer }[];
}

/** The orders' answers when the workflow stops asking for what is locked. */
export function giveUpHeld<One extends Pick<Taking, 'parts'>>(held: One[], error?: unknown): One[] {
  const answer: Answer = {
    kind: 'given-up',
    reason: error === undefined ? 'unavailable' : reasonToGiveUp(error),
  };
  return held.map((one) => ({
    ...one,
    parts: one.parts.map((part) => (part.answer.kind === 'locked' ? { ...part, answer } : part)),
  }));
}

async function askOne(
  run: Run,
  phase: TakingPhase,
  participant: RegisteredParticipant,
  all: PlacedOrder[],
  whenHeld: WhenHeld,
): Promise<Column<Answer>> {
  const { stepOf, nameOf } = phases[phase];
  const step = nameOf(participant);
  const { orders, commands } = partOf(participant, all);
  if (orders.length === 0) return { participant, step, orders, answers: [] };
  try {
    const answers = answersTo(orders, await stepOf(participant, run)(commands, whenHeld));
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
 * Orders by what follows. A broken one is held, but for one whose workflow is cancelled: that
 * cancels its undecided orders.
 */
export function byWhatFollows(asked: readonly Asked[]) {
  const isToBeHeld = (one: Asked) =>
    has(one, 'broken') && !CancellationScope.current().consideredCancelled;
  return {
    broken: asked.filter(isToBeHeld),
    settled: asked.filter((one) => !isToBeHeld(one)),
  };
}

/**
 * The reason to cancel an order. The first participant in registration order that refused
 * determines it, so a repeat names the same reason.
 */
export function reasonToCancel({ parts }: Pick<Taking, 'parts'>, cancelled: boolean): FailureCode {
  const answers = parts.map(({ answer }) => answer);
  const refused = answers.find((answer) => answer.kind === 'rejected');
  const doubtful = answers.find((answer) => answer.kind === 'given-up');
  return refused?.code ?? doubtful?.reason ?? (cancelled ? 'cancelled-by-operator' : 'unavailable');
}
