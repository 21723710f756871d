/** How hard things are tried, so that a cell takes seconds; in milliseconds and seconds. */
export const tuning = {
  LOCK_WAIT_S_MAX: '1',
  ATTEMPT_MS_MAX: '2000',
  ACTION_MS_MAX: '20000',
  HELD_MS_MAX: '20000',
  FIRST_RETRY_MS: '50',
  COMPENSATION_ATTEMPTS_MAX: '2',
  CONFIRM_ATTEMPTS_MAX: '2',
  FORCE_CONFIRM_AFTER_MS: '300',
  REGISTRY_RETRY_MS: '300',
  STICKY_MS_MAX: '500',
  ADOPT_AFTER_MS: '1000',
  LOOKOUT_EVERY_MS: '500',
  // An order a workflow: cells beside each other share none, and a cell of many makes its own.
  BATCH_ORDERS_MAX: '1',
  BATCHES_IN_FLIGHT_MAX: '64',
};

/**
 * The server gives a task to a worker that has just died, and notices so late. Its default of 10 s
 * would be what every cell takes in which a workflow's worker or Temporal is killed.
 */
export const workflowTaskMsMax = 2_000;

export const attemptMsMax = Number(tuning.ATTEMPT_MS_MAX);
