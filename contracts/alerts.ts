/** What an operator is told of. Each kind has a page that says what to do. */
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

/** The pages that a workflow's details point to: the alerts', and those for what needs no alert. */
export const runbooks = {
  ...alertKinds,
  'step-failing': 'docs/runbooks/step-failing.md',
  'stuck-order': 'docs/runbooks/stuck-order.md',
} as const;

export type Runbook = keyof typeof runbooks;
