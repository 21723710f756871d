import { ActivityFailure, patched, TimeoutFailure } from '@temporalio/workflow';
import type { StepTiming } from '../../contracts/limits';

/** So many parts, where each may be long enough. */
const partsMax = 4;
const shortestPartMs = 1_000;

/** For how long a step is asked for, and how soon it is tried again. */
export interface Part {
  msMax: number;
  firstRetryMs: number;
}

/**
 * Asks for a step until `actionMsMax` have passed in which a worker ran this workflow, and then
 * fails as the last asking did. The time is a chain of short parts: each is the limit of one asking,
 * which the server or the worker keeps, and counts as its own length at most, however late we hear
 * of its end. So a deployment costs an order no more than one part, whatever it takes; and a step
 * that is answered in its first part costs nothing beyond itself.
 */
export async function askPatiently<T>(
  timing: StepTiming,
  ask: (part: Part) => Promise<T>,
): Promise<T> {
  const { actionMsMax, attemptMsMax, firstRetryMs, retryMsMax } = timing;
  // One whole attempt fits into a part: what is slow must not be cut off each time.
  const longestMs = Math.max(actionMsMax / partsMax, attemptMsMax, shortestPartMs);
  let left = actionMsMax;
  let part: Part = { msMax: Math.min(longestMs, left), firstRetryMs };
  for (;;) {
    const begunAt = Date.now();
    try {
      return await ask(part);
    } catch (error) {
      if (!isOver(error)) throw error;
      const passed = Date.now() - begunAt;
      // It may have ended early, for want of time for another try. Half of it counts anyhow, so
      // that the parts have an end whatever the clocks say.
      left -= Math.min(Math.max(passed, part.msMax / 2), part.msMax);
      // A workflow from before this had all its time in its first part.
      if (left < retryMsMax || !patched('downtime-does-not-count')) throw error;
      // The pauses stay as long as they had become.
      part = { msMax: Math.min(longestMs, left), firstRetryMs: retryMsMax };
    }
  }
}

/** The time of one part is over; anything else that fails a step ends the asking. */
function isOver(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return error instanceof TimeoutFailure;
  return error.cause instanceof TimeoutFailure || error.retryState === 'TIMEOUT';
}
