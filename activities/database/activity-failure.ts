import { randomInt } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { classify, describeError, isDatabaseError, type ErrorClass } from './errors';

/** Milliseconds to the next attempt, where the retry policy's delay would be wrong. */
const retryDelayMs: Partial<Record<ErrorClass, () => number>> = {
  // A quick retry cannot fix these. Retried slowly, to keep the log readable.
  'server-unfit': () => 5_000,
  'deployment-fault': () => 5_000,
  // Temporal's delays have no jitter, so two attempts that timed out together would collide again
  // and again.
  'lock-timeout': () => randomInt(50, 1_000),
};

/**
 * Turns a database error into a failure that Temporal retries. Operators read its message in the
 * Temporal UI: the kind of fault and the driver's code, never SQL or data.
 */
export async function asActivity<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    const kind = classify(error);
    const nextRetryDelay = retryDelayMs[kind]?.();
    throw ApplicationFailure.create({
      message: describeError(error),
      type: kind,
      ...(nextRetryDelay !== undefined && { nextRetryDelay }),
      ...(error instanceof Error && !isDatabaseError(error) && { cause: error }),
    });
  }
}
