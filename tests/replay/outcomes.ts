/** The baseline's. */
const lockOutcomes = [
  'lock-completed',
  'lock-rejected',
  'lock-broken-step',
  'lock-unavailable',
  'lock-cancelled-by-operator',
  'lock-held-up-in-batch',
  'lock-local-completed',
  'lock-adopted-after-cancel',
] as const;

export type LockOutcome = (typeof lockOutcomes)[number];

/**
 * Every way in which a workflow of ours ends. Each has a recorded history, which new code must be
 * able to replay; a history that is missing fails the tests.
 */
export const outcomes = [
  // One order.
  'completed',
  'rejected-stock',
  'rejected-points',
  'rejected-both',
  'cancelled-by-customer',
  'cancelled-by-operator',
  'unavailable',
  'broken-step',
  'compensation-failing',
  'worker-lost-midway',
  'not-searchable',
  // A batch.
  'mixed-batch',
  'held-up-in-batch',
  // With the steps as local activities.
  'local-completed',
  'local-unavailable',
  'local-compensation-failing',
  'local-mixed-batch',
  // The schedules' workflows, and what adoption starts.
  'drain-by-schedule',
  'drain-failing',
  'drain-nothing',
  'adopt-orders',
  'adopt-nothing',
  'adopted',
  'adopted-after-cancel',
  ...lockOutcomes,
] as const;

export type Outcome = (typeof outcomes)[number];
