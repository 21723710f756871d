/** The baseline's. */
const lockOutcomes = [
  'lock-completed',
  'lock-rejected',
  'lock-rejected-points',
  'lock-cancelled-by-customer',
  'lock-completed-after-all',
  'lock-broken-and-cancelled',
  'lock-broken-step',
  'lock-unavailable',
  'lock-answered-at-length',
  'lock-cancelled-by-operator',
  'lock-held-up-in-batch',
  'lock-local-completed',
  'lock-adopted-after-cancel',
] as const;

/** Two-phase commit's, and its scanner's. */
const xaOutcomes = [
  'xa-completed',
  'xa-rejected-stock',
  'xa-rejected-points',
  'xa-cancelled-by-customer',
  'xa-cancelled-by-operator',
  'xa-cancelled-once-prepared',
  'xa-cancelled-too-late',
  'xa-scanned-midway',
  'xa-unavailable',
  'xa-answered-at-length',
  'xa-broken-step',
  'xa-broken-and-cancelled',
  'xa-broken-once-prepared',
  'xa-commit-in-doubt',
  'xa-rollback-in-doubt',
  'xa-heuristic-rollback',
  'xa-heuristic-commit',
  'xa-mixed-batch',
  'xa-local-completed',
  'xa-local-unavailable',
  'xa-local-commit-in-doubt',
  'xa-adopted',
  'xa-adopted-after-complete',
  'xa-adopted-after-cancel',
  'scan-nothing',
  'scan-too-young',
  'scan-undecided',
  'scan-decided',
  'scan-unknown-order',
  'scan-failing',
  'scan-heuristic',
  'scan-participant-away',
  'scan-cancelled',
] as const;

const tccOutcomes = [
  'tcc-completed',
  'tcc-rejected-stock',
  'tcc-rejected-points',
  'tcc-cancelled-by-customer',
  'tcc-cancelled-by-operator',
  'tcc-cancelled-once-tried',
  'tcc-cancelled-too-late',
  'tcc-unavailable',
  'tcc-answered-at-length',
  'tcc-broken-step',
  'tcc-broken-and-cancelled',
  'tcc-confirm-failing',
  'tcc-confirm-frozen',
  'tcc-confirm-thawed',
  'tcc-confirm-broken',
  'tcc-confirm-overtaken',
  'tcc-cancel-failing',
  'tcc-cancel-broken',
  'tcc-mixed-batch',
  'tcc-held-up-in-batch',
  'tcc-confirm-held-up',
  'tcc-local-completed',
  'tcc-local-unavailable',
  'tcc-local-confirm-failing',
  'tcc-adopted',
  'tcc-adopted-after-complete',
  'tcc-adopted-frozen',
  'tcc-adopted-after-cancel',
] as const;

/** Of TCC's schedules: forced confirmation, and the participants' sweep. */
const reservationOutcomes = [
  'force-nothing',
  'force-completed',
  'force-held-up',
  'force-failing',
  'force-broken',
  'force-overtaken',
  'force-cancelled',
  'sweep-nothing',
  'sweep-decided',
  'sweep-undecided',
  'sweep-unknown-order',
  'sweep-order-away',
  'sweep-participant-away',
  'sweep-failing',
  'sweep-broken',
  'sweep-overtaken',
  'sweep-cancelled',
] as const;

/** Of an operator's resolution. */
const operatorOutcomes = [
  'resolve-not-pending',
  'resolve-retry',
  'resolve-retry-in-vain',
  'resolve-retry-in-doubt',
  'resolve-confirm',
  'resolve-confirm-overtaken',
  'resolve-confirm-unsafe',
  'resolve-cancel',
  'resolve-cancel-undecided',
  'resolve-cancel-decided',
  'resolve-cancel-too-late',
  'resolve-cancel-refused',
  'resolve-cancel-not-frozen',
  'resolve-cancel-overtaken',
  'resolve-stopped-freezing',
  'resolve-stopped-driving',
] as const;

/** Outcomes of one delivery, and of an order whose events were lost. */
const choreographyOutcomes = [
  'delivery',
  'delivery-parked',
  'delivery-released',
  'delivery-released-in-vain',
  'delivery-cancelled',
  'delivery-local',
  'delivery-local-parked',
  'choreography-completed',
  'choreography-rejected-stock',
  'choreography-rejected-points',
  'choreography-cancelled-by-customer',
  'choreography-cancelled-by-operator',
  'choreography-cancelled-too-late',
  'choreography-delivered-by-others',
  'choreography-parked',
  'choreography-local-completed',
  'choreography-local-parked',
  'choreography-adopted',
  'choreography-adopted-after-cancel',
] as const;

export type LockOutcome = (typeof lockOutcomes)[number];
export type XaOutcome = (typeof xaOutcomes)[number];
export type TccOutcome = (typeof tccOutcomes)[number];
export type ReservationOutcome = (typeof reservationOutcomes)[number];
export type OperatorOutcome = (typeof operatorOutcomes)[number];
export type ChoreographyOutcome = (typeof choreographyOutcomes)[number];

/**
 * Every way in which our workflows end. Each has a recorded history, which new code must be able to
 * replay. A missing history fails the tests.
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
  'unavailable-at-length',
  'answered-at-length',
  'broken-step',
  'broken-and-cancelled',
  'compensation-broken',
  'compensation-failing',
  'worker-lost-midway',
  'not-searchable',
  // A batch.
  'mixed-batch',
  'held-up-in-batch',
  // With the steps as local activities.
  'local-completed',
  'local-unavailable',
  'local-unavailable-at-length',
  'local-answered-at-length',
  'local-cancelled-by-customer',
  'local-cancelled-by-operator',
  'local-compensation-failing',
  'local-mixed-batch',
  // Recovery: the look, its runs, and what adoption starts.
  'look-nothing',
  'look-work',
  'look-service-away',
  'drain-by-schedule',
  'drain-failing',
  'drain-nothing',
  'drain-cancelled',
  'adopt-orders',
  'adopt-nothing',
  'adopt-each-pattern',
  'adopt-overtaken',
  'adopt-cancelled',
  'adopted',
  'adopted-after-cancel',
  ...lockOutcomes,
  ...xaOutcomes,
  ...tccOutcomes,
  ...reservationOutcomes,
  ...operatorOutcomes,
  ...choreographyOutcomes,
] as const;

export type Outcome = (typeof outcomes)[number];
