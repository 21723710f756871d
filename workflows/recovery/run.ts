import { isCancellation, workflowInfo } from '@temporalio/workflow';
import type { RecoveryKind } from '../../contracts/recovery';
import type { RecoveryInput } from '../../contracts/workflows';
import { orderStepsWithDeadline } from '../shared/steps';
import { failureMessage } from '../shared/reasons';

/** What all kinds of recovery runs share. */

/** Well below the time after which Temporal ends a run that cannot continue. */
const runMsMax = 240_000;

/** Whether this run should stop after the current page and let another continue. */
export function isLongEnough(): boolean {
  const { continueAsNewSuggested, runStartTime } = workflowInfo();
  return continueAsNewSuggested || Date.now() - runStartTime.getTime() > runMsMax;
}

/**
 * Records that this kind's run has ended. If the order service is down, the next run records it.
 */
export async function noteEnd(kind: RecoveryKind, { timing }: RecoveryInput): Promise<void> {
  try {
    await orderStepsWithDeadline({ timing }).noteRecovery(kind);
  } catch (error) {
    failureMessage(error);
  }
}

/**
 * Works on all items at once or, if that fails, on each alone: an order whose row is locked or
 * whose participant is down does not block the others.
 *
 * @returns the items for which it failed, and why; a later run retries them
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
    const why = failureMessage(error);
    return items.map((item) => ({ item, why }));
  }
}
