/** Limits of orders, batches and steps. */

/** Limits of one order, which the API enforces. */
export const orderLimits = {
  linesMax: 100,
  quantityMax: 1_000,
  idLengthMax: 64,
  idempotencyKeyLengthMax: 255,
} as const;

/** Limits of the orders in one workflow. The first one reached closes the batch. */
export const batchLimits = {
  ordersMax: 256,
  linesMax: 1_000,
  bytesMax: 256 * 1024,
} as const;

/**
 * Where the participants' steps run. `separate`: each in its service's own process, which has only
 * its own database's password. `local`: all in the process that runs the workflows, as local
 * activities (except those that end XA branches). Local costs far less per order, but one process
 * may touch every database.
 */
export type Placement = 'separate' | 'local';

/** How long steps may take and how often they are tried. Configurable to make tests fast. */
export interface StepTiming {
  placement: Placement;
  /** One attempt of a step. Longer than a session's lock wait, shorter than a caller waits. */
  attemptMsMax: number;
  /**
   * After this time without success an action is abandoned and the order cancelled. Only time with
   * a running workflow worker counts: see workflows/shared/patience.ts.
   */
  actionMsMax: number;
  /**
   * How long an order waits for rows that other sessions have locked. Much longer than
   * `actionMsMax`: waiting is not failing. Workflows that began before it was introduced lack it.
   */
  heldMsMax?: number;
  firstRetryMs: number;
  retryMsMax: number;
  /** Quick attempts of a compensation before the workflow enters it in the registry. */
  compensationAttemptsMax: number;
  /** TCC: quick attempts of a confirm or a cancel before recovery takes over. */
  confirmAttemptsMax: number;
}

export const defaultTiming = {
  placement: 'separate',
  attemptMsMax: 10_000,
  actionMsMax: 60_000,
  heldMsMax: 600_000,
  firstRetryMs: 100,
  retryMsMax: 5_000,
  compensationAttemptsMax: 4,
  confirmAttemptsMax: 4,
} as const satisfies StepTiming;
