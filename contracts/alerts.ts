/** The kinds of alert for operators. Each kind has a runbook that says what to do. */
export const alertKinds = {
  'compensation-failing': 'docs/runbooks/compensation-failing.md',
  'broken-step': 'docs/runbooks/broken-step.md',
  'branch-in-doubt': 'docs/runbooks/branch-in-doubt.md',
  'heuristic-outcome': 'docs/runbooks/heuristic-outcome.md',
  'confirmation-failing': 'docs/runbooks/confirmation-failing.md',
  'cancellation-failing': 'docs/runbooks/cancellation-failing.md',
  'event-parked': 'docs/runbooks/event-parked.md',
  'reservation-held': 'docs/runbooks/reservation-held.md',
} as const;

export type AlertKind = keyof typeof alertKinds;

/**
 * The runbooks that a workflow's details link to: those of the alerts, and two that need no alert.
 */
export const runbooks = {
  ...alertKinds,
  'step-failing': 'docs/runbooks/step-failing.md',
  'stuck-order': 'docs/runbooks/stuck-order.md',
} as const;

export type Runbook = keyof typeof runbooks;
