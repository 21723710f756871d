import type { PlacedOrder } from '../../contracts/order';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { Keyed } from '../../contracts/participants/definition';
import type { CompensationOutcome, FailedCompensation, Step } from '../../contracts/steps';
import { failureMessage } from './reasons';
import { zip } from './zip';

/**
 * Runs one participant's compensation for a batch, and answers the orders for which it failed. A
 * locked order is retried alone. The caller must record every order that is not `done` then.
 */
export async function compensate(
  participant: RegisteredParticipant,
  run: Step<Keyed, CompensationOutcome>,
  orders: PlacedOrder[],
): Promise<FailedCompensation[]> {
  if (orders.length === 0) return [];
  const step = participant.steps.saga.compensation;
  const failed = ({ orderId }: PlacedOrder, error: string) => [{ orderId, step, error }];
  let answers: [PlacedOrder, CompensationOutcome][];
  try {
    answers = zip(orders, await run(orders.map((order) => participant.command(order))));
  } catch (error) {
    const reason = failureMessage(error);
    return orders.flatMap((order) => failed(order, reason));
  }
  const failures = await Promise.all(
    answers.map(async ([order, outcome]): Promise<FailedCompensation[]> => {
      switch (outcome.kind) {
        case 'done':
          return [];
        case 'locked':
          return compensate(participant, run, [order]);
        case 'broken':
          return failed(order, `broken: ${[outcome.code, outcome.detail ?? []].flat().join(', ')}`);
      }
    }),
  );
  return failures.flat();
}
