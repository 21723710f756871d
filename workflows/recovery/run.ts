import { isCancellation, workflowInfo } from '@temporalio/workflow';
import type { RecoveryKind } from '../../contracts/recovery';
import type { RecoveryInput } from '../../contracts/workflows';
import { impatientOrderSteps } from '../shared/steps';
import { reasonOf } from '../shared/reasons';

/** What the runs of all kinds of recovery have in common. */

/** Well below the time after which Temporal ends a run that cannot go on. */
const runMsMax = 240_000;

/** Whether this run is to stop after the page at hand, and another to go on from there. */
export function isLongEnough(): boolean {
  const { continueAsNewSuggested, runStartTime } = workflowInfo();
  return continueAsNewSuggested || Date.now() - runStartTime.getTime() > runMsMax;
}

/** Says that this kind's run has ended; an order service that is away is told by the next run. */
export async function noteEnd(kind: RecoveryKind, { timing }: RecoveryInput): Promise<void> {
  try {
    await impatientOrderSteps(timing).noteRecovery(kind);
  } catch (error) {
    reasonOf(error);
  }
}

/**
 * Does something for all of these at once, or, if that fails, for each alone: one order whose row
 * is held, or whose participant is away, holds up none of the others.
 *
 * @returns those for which it failed, and why; they are left to a later run
 */
export async function togetherOrAlone<T>(
  items: readonly T[],
  work: (some: T[]) => Promise<unknown>,
): Promise<{ item: T; why: string }[]> {
  if (items.length === 0) return [];
  const failures = await tried(items, work);
  if (failures.length === 0 || items.length === 1) return failures;
  const alone = await Promise.all(items.map((item) => tried([item], work)));
  return alone.flat();
}

async function tried<T>(
  items: readonly T[],
  work: (some: T[]) => Promise<unknown>,
): Promise<{ item: T; why: string }[]> {
  try {
    await work([...items]);
    return [];
  } catch (error) {
    if (isCancellation(error)) throw error;
    const why = reasonOf(error);
    return items.map((item) => ({ item, why }));
  }
}
