import { ActivityFailure, patched, TimeoutFailure } from '@temporalio/workflow';
import type { StepTiming } from '../../contracts/limits';

/** The number of parts, if each is long enough. */
const partsMax = 4;
const shortestPartMs = 1_000;

/** How long a step is requested, and how soon it is retried. */
export interface Part {
  msMax: number;
  firstRetryMs: number;
}

/**
 * Requests a step until a worker has run this workflow for `actionMsMax`, and then fails as the
 * last request did. The time is a chain of short parts. Each part limits one request, enforced by
 * the server or the worker, and counts at most its own length, even if the workflow learns of its
 * end late. So a deployment of any length costs an order at most one part, and a step that answers
 * in its first part costs nothing extra.
 */
export async function askPatiently<T>(
  timing: StepTiming,
  ask: (part: Part) => Promise<T>,
): Promise<T> {
  const { actionMsMax, attemptMsMax, firstRetryMs, retryMsMax } = timing;
  // One whole attempt fits into a part, or a slow step would be cut off every time.
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
      // A part may end early, without time for another attempt. At least half of it counts, so the
      // chain ends whatever the clocks say.
      left -= Math.min(Math.max(passed, part.msMax / 2), part.msMax);
      // A workflow that began before this patch had all its time in its first part.
      if (left < retryMsMax || !patched('downtime-does-not-count')) throw error;
      // The pauses keep the length that they have reached.
      part = { msMax: Math.min(longestMs, left), firstRetryMs: retryMsMax };
    }
  }
}

/** Whether the time of one part is over. Any other failure ends the requests. */
function isOver(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return error instanceof TimeoutFailure;
  return error.cause instanceof TimeoutFailure || error.retryState === 'TIMEOUT';
}
