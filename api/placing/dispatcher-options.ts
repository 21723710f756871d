import { batchLimits } from '../../contracts/limits';
import { stopLimits, type StopLimits } from '../stop-limits';

export interface DispatcherOptions {
  /** Concurrent workflows. Fewer make bigger batches, and so more throughput for the same work. */
  inFlightMax: number;
  /**
   * While a batch of more orders than this is in flight, new orders wait and share the next batch.
   * Smaller batches do not wait for each other, so at low load no order waits.
   */
  smallOrdersMax: number;
  /** Orders per workflow; 1 gives every order a workflow of its own. */
  ordersMax: number;
  linesMax: number;
  bytesMax: number;
  /**
   * A batch older than this no longer counts as in flight, so a stuck one does not block others.
   */
  staleMs: number;
  /** Orders that may wait to be claimed. The API refuses any more. */
  backlogMax: number;
  startAttemptsMax: number;
  startRetryMs: number;
  /** Concurrent claims while the process shuts down. Orders that still wait can be withdrawn. */
  lastClaimsMax: number;
  stop: Omit<StopLimits, 'answerMsMax'>;
}

export const defaultDispatcherOptions: DispatcherOptions = {
  inFlightMax: 2,
  smallOrdersMax: 8,
  ordersMax: batchLimits.ordersMax,
  linesMax: batchLimits.linesMax,
  bytesMax: batchLimits.bytesMax,
  staleMs: 5_000,
  backlogMax: 5_000,
  startAttemptsMax: 5,
  startRetryMs: 100,
  lastClaimsMax: 8,
  stop: stopLimits,
};
