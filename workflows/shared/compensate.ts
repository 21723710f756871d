import { patched } from '@temporalio/workflow';
import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { Keyed } from '../../contracts/participants/definition';
import type {
  CompensationOutcome,
  Done,
  FailedCompensation,
  Locked,
  Step,
  WhenHeld,
} from '../../contracts/steps';
import { lockedAt, withAnswers, withFreshAnswers, type Answered, type Column } from './answered';
import { failureMessage } from './reasons';
import type { Run } from './run';
import { compensationOf } from './steps';
import { rowsAreLocked } from './rounds';
import { zip } from './zip';

/** What came of one compensation. `error` is text for an operator. */
export type Returned = Done | Locked | { kind: 'failed'; error: string };

/** An order with the compensations that it owed. */
export type GivenBack = Answered<Returned>;

/** Asks the participants to give back what each of them may have taken, for a batch. */
export async function giveBack(
  run: Run,
  orders: readonly PlacedOrder[],
  owedTo: (participant: RegisteredParticipant) => PlacedOrder[],
): Promise<GivenBack[]> {
  const columns = run.participants.map((one) => giveBackOne(run, one, owedTo(one), 'tell'));
  return withAnswers(orders, await Promise.all(columns));
}

/** Asks again for what is locked, each participant for all its held orders together. */
export async function giveBackAgain(run: Run, held: GivenBack[]): Promise<GivenBack[]> {
  const columns = run.participants.map((one) => giveBackOne(run, one, lockedAt(one, held), 'wait'));
  return withFreshAnswers(held, await Promise.all(columns));
}

async function giveBackOne(
  run: Run,
  participant: RegisteredParticipant,
  orders: PlacedOrder[],
  whenHeld: WhenHeld,
): Promise<Column<Returned>> {
  const step = participant.steps.saga.compensation;
  const compensation = compensationOf(participant, run);
  const answers = await compensate(participant, compensation, orders, whenHeld);
  return { participant, step, orders, answers };
}

/** Runs one participant's compensation for a batch. A step that fails is an answer too. */
export async function compensate(
  participant: RegisteredParticipant,
  run: Step<Keyed, CompensationOutcome>,
  orders: readonly PlacedOrder[],
  whenHeld: WhenHeld,
): Promise<Returned[]> {
  if (orders.length === 0) return [];
  let answers: [PlacedOrder, CompensationOutcome][];
  try {
    const commands = orders.map((order) => participant.command(order));
    answers = zip(orders, await run(commands, whenHeld));
  } catch (error) {
    const failed = { kind: 'failed', error: failureMessage(error) } as const;
    return orders.map(() => failed);
  }
  return Promise.all(
    answers.map(async ([order, outcome]): Promise<Returned> => {
      switch (outcome.kind) {
        case 'done':
          return outcome;
        case 'locked': {
          // Workflows that began before this patch asked for each locked order alone.
          if (orders.length === 1 || patched('held-given-back-together')) return outcome;
          const [alone] = await compensate(participant, run, [order], whenHeld);
          return alone ?? outcome;
        }
        case 'broken': {
          const what = [outcome.code, outcome.detail ?? []].flat().join(', ');
          return { kind: 'failed', error: `broken: ${what}` };
        }
      }
    }),
  );
}

/** Why a compensation has not succeeded; undefined if it has. */
export function errorOf(answer: Returned): string | undefined {
  if (answer.kind === 'failed') return answer.error;
  return answer.kind === 'locked' ? rowsAreLocked : undefined;
}

/** The compensations of an order that must be registered, because they have not succeeded. */
export function failuresOf({ order: { orderId }, parts }: GivenBack): FailedCompensation[] {
  return parts.flatMap(({ participant, answer }) => {
    const error = errorOf(answer);
    return error === undefined
      ? []
      : [{ orderId, step: participant.steps.saga.compensation, error }];
  });
}
