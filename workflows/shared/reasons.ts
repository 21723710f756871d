import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

/** Why an activity failed, as text for an operator. */
export function reasonOf(error: unknown): string {
  // An ordinary activity's failure is wrapped; a local activity's may not be.
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  if (cause instanceof ApplicationFailure) return cause.message;
  if (cause instanceof CancelledFailure) return 'cancelled';
  if (cause instanceof TimeoutFailure) return `timed out (${cause.timeoutType})`;
  if (cause instanceof ActivityFailure) return cause.message;
  throw error;
}
