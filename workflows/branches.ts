import type { BranchOutcome } from '../contracts/branches';
import type { BranchEnds } from './proxies';

/** The two participants of XA, and how a decision ends a branch in each. */
export const branchEnds = {
  COMPLETE: ['commitStock', 'commitPoints'],
  CANCEL: ['rollbackStock', 'rollbackPoints'],
} as const;

export type BranchEnd = keyof BranchEnds;

/** Ends one order's branch, and answers what was then seen of it. */
export async function endOne(
  steps: BranchEnds,
  step: BranchEnd,
  orderId: string,
): Promise<BranchOutcome> {
  const [outcome] = await steps[step]([{ orderId }]);
  if (!outcome) throw new Error(`${step} answered nothing`);
  return outcome;
}

/** What an operator reads first of a branch that somebody else ended against the decision. */
export function heuristicText(step: BranchEnd, outcome: { was: string }): string {
  return `${step}: the branch was ${outcome.was} by somebody else, against the decision`;
}
