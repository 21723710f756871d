import { ApplicationFailure } from '@temporalio/common';
import { classify, describeError, isDatabaseError, type ErrorClass } from './errors';

/** Faults that a quick retry cannot mend: tried slowly, so that the log stays readable. */
const slowRetry: Partial<Record<ErrorClass, '5 seconds'>> = {
  'server-unfit': '5 seconds',
  'deployment-fault': '5 seconds',
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
    const nextRetryDelay = slowRetry[kind];
    throw ApplicationFailure.create({
      message: describeError(error),
      type: kind,
      ...(nextRetryDelay && { nextRetryDelay }),
      ...(error instanceof Error && !isDatabaseError(error) && { cause: error }),
    });
  }
}
