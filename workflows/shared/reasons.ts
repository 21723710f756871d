import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { FailureCode } from '../../contracts/failures';

/** Why an order is cancelled whose step was given up. */
export function reasonToGiveUp(error: unknown): FailureCode {
  return isCancellation(error) ? 'cancelled-by-operator' : 'unavailable';
}

/** Why an activity failed, as text for an operator. */
export function failureMessage(error: unknown): string {
  // An ordinary activity's failure is wrapped; a local activity's may not be.
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  if (cause instanceof ApplicationFailure) return cause.message;
  if (cause instanceof CancelledFailure) return 'cancelled';
  if (cause instanceof TimeoutFailure) return `timed out (${cause.timeoutType})`;
  if (cause instanceof ActivityFailure) return cause.message;
  throw error;
}
