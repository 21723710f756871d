import type { PlacedOrder } from '../contracts/order';
import type { FailedCompensation, StepOutcome } from '../contracts/steps';
import type { CompensationStep } from '../contracts/participants';
import { pointCommand, stockCommand } from './commands';
import type { compensationsOf } from './proxies';
import { reasonOf } from './reasons';
import { zip } from './zip';

type Compensations = ReturnType<typeof compensationsOf>;

/** How each compensation is called; a new one without its row here does not compile. */
const runners: Record<
  CompensationStep,
  (steps: Compensations, orders: PlacedOrder[]) => Promise<StepOutcome[]>
> = {
  restoreStock: (steps, orders) => steps.restoreStock(orders.map(stockCommand)),
  refundPoints: (steps, orders) => steps.refundPoints(orders.map(pointCommand)),
};

/**
 * Makes one compensation for a batch and answers those orders for which it could not be made,
 * never swallowing one: an order that is locked is tried again alone, and whatever is not `done`
 * then is the caller's to put on record.
 */
export async function compensate(
  steps: Compensations,
  step: CompensationStep,
  orders: PlacedOrder[],
): Promise<FailedCompensation[]> {
  if (orders.length === 0) return [];
  let answers: [PlacedOrder, StepOutcome][];
  try {
    answers = zip(orders, await runners[step](steps, orders));
  } catch (error) {
    const reason = reasonOf(error);
    return orders.map(({ orderId }) => ({ orderId, step, error: reason }));
  }
  const failures = await Promise.all(
    answers.map(([order, outcome]) => afterwards(steps, step, order, outcome)),
  );
  return failures.flat();
}

async function afterwards(
  steps: Compensations,
  step: CompensationStep,
  order: PlacedOrder,
  outcome: StepOutcome,
): Promise<FailedCompensation[]> {
  switch (outcome.kind) {
    case 'done':
      return [];
    case 'locked':
      return compensate(steps, step, [order]);
    case 'broken':
      return [{ orderId: order.orderId, step, error: brokenText(outcome) }];
    default:
      return [{ orderId: order.orderId, step, error: `answered ${outcome.kind}` }];
  }
}

function brokenText({ code, detail }: Extract<StepOutcome, { kind: 'broken' }>): string {
  return `broken: ${code}${detail === undefined ? '' : `, ${detail}`}`;
}
