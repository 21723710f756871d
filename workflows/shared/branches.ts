import type { BranchOutcome, BranchStep } from '../../contracts/branches';
import type { RegisteredParticipant } from '../../contracts/participants';

/** How a decision ends each participant's branch. */
export const branchEnds = { COMPLETE: 'commit', CANCEL: 'rollback' } as const;

export type BranchEnd = (typeof branchEnds)[keyof typeof branchEnds];

/** The name of the step that ends a participant's branch. */
export function branchEndName({ steps }: RegisteredParticipant, end: BranchEnd) {
  return steps.xa[end];
}

/** Ends one order's branch, and answers what was found then. */
export async function endOne(
  step: string,
  run: BranchStep,
  orderId: string,
): Promise<BranchOutcome> {
  const [outcome] = await run([{ orderId }]);
  if (!outcome) throw new Error(`${step} answered nothing`);
  return outcome;
}

/** The text of the alert for a branch that someone else ended against the decision. */
export function heuristicText(step: string, outcome: { was: string }): string {
  return `${step}: the branch was ${outcome.was} by somebody else, against the decision`;
}
