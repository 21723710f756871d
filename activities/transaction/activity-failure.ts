import { randomInt } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { classify, describeError, isDatabaseError, type ErrorClass } from './errors';

/** Milliseconds to the next try, where the retry policy's own delay would be wrong. */
const retryDelayMs: Partial<Record<ErrorClass, () => number>> = {
  // A quick retry cannot mend these: tried slowly, so that the log stays readable.
  'server-unfit': () => 5_000,
  'deployment-fault': () => 5_000,
  // Temporal's delays have no jitter: two that timed out together would wait in step for ever.
  'lock-timeout': () => randomInt(50, 1_000),
};

/**
 * Turns what a database threw into a failure that Temporal retries. The message is what an
 * operator reads in the Temporal UI: the kind of fault and the driver's code, never SQL or data.
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
