/** A limit on everything. */

/** An order, at the edge. */
export const orderLimits = {
  linesMax: 100,
  quantityMax: 1_000,
  idLengthMax: 64,
  idempotencyKeyLengthMax: 255,
} as const;

/** One batch of orders in one workflow: whichever is reached first closes it. */
export const batchLimits = {
  ordersMax: 256,
  linesMax: 1_000,
  bytesMax: 256 * 1024,
} as const;

/**
 * Where the participants' steps run. `separate`: each in its service's own process, with only its
 * own database's password. `local`: all in the process that runs the workflows, as local
 * activities (but for those that end XA branches): far less work an order, and one process that may
 * touch every database.
 */
export type Placement = 'separate' | 'local';

/** How long steps may take and how often they are tried; configurable so that tests can hurry. */
export interface StepTiming {
  placement: Placement;
  /** One attempt of a step. Above the sessions' lock wait, below the patience of a caller. */
  attemptMsMax: number;
  /**
   * An action that has not succeeded by then is given up: the order is cancelled. Only time with a
   * running workflow worker counts: see workflows/shared/patience.ts.
   */
  actionMsMax: number;
  firstRetryMs: number;
  retryMsMax: number;
  /** Quick tries of a compensation before it goes into the registry. */
  compensationAttemptsMax: number;
  /** TCC: quick tries of a confirm or a cancel before the order is left to a schedule. */
  confirmAttemptsMax: number;
}

export const defaultTiming: StepTiming = {
  placement: 'separate',
  attemptMsMax: 10_000,
  actionMsMax: 60_000,
  firstRetryMs: 100,
  retryMsMax: 5_000,
  compensationAttemptsMax: 4,
  confirmAttemptsMax: 4,
};
