import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

/** Why an activity gave up, in the words that an operator will read beside the order. */
export function reasonOf(error: unknown): string {
  // An ordinary activity's failure comes wrapped; a local one's may come as it is.
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  if (cause instanceof ApplicationFailure) return cause.message;
  if (cause instanceof CancelledFailure) return 'cancelled';
  if (cause instanceof TimeoutFailure) return `timed out (${cause.timeoutType})`;
  if (cause instanceof ActivityFailure) return cause.message;
  throw error;
}
