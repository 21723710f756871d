import { batchLimits } from '../contracts/limits';
import { stopLimits, type StopLimits } from './stop-limits';

export interface DispatcherOptions {
  /** Workflows at once: fewer make bigger batches, and more throughput for the same work. */
  inFlightMax: number;
  /**
   * A batch of more orders than this flies alone: what comes meanwhile shares the next one's cost.
   * Smaller ones do not wait for each other, so that at low load nobody waits for anybody.
   */
  smallOrdersMax: number;
  /** Orders a workflow; 1 is a workflow an order. */
  ordersMax: number;
  linesMax: number;
  bytesMax: number;
  /** A batch older than this no longer counts as in flight, so that a stuck one stops nobody. */
  staleMs: number;
  /** Orders that may wait to be claimed; more are turned away. */
  backlogMax: number;
  startAttemptsMax: number;
  startRetryMs: number;
  /** While the process ends, batches whose claim is not answered: what waits can be withdrawn. */
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
