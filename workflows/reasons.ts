import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

/** Why an activity gave up, in the words that an operator will read beside the order. */
export function reasonOf(error: unknown): string {
  if (error instanceof CancelledFailure) return 'cancelled';
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) return cause.message;
  if (cause instanceof CancelledFailure) return 'cancelled';
  if (cause instanceof TimeoutFailure) return `timed out (${cause.timeoutType})`;
  return error.message;
}
