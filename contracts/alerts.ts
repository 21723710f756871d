/** What an operator is told of. Each kind has a page that says what to do. */
export const alertKinds = {
  'compensation-failing': 'docs/runbooks/compensation-failing.md',
  'broken-step': 'docs/runbooks/broken-step.md',
} as const;

export type AlertKind = keyof typeof alertKinds;

/** The pages that a workflow's details point to: the alerts', and one for what needs no alert. */
export const runbooks = {
  ...alertKinds,
  'step-failing': 'docs/runbooks/step-failing.md',
} as const;

export type Runbook = keyof typeof runbooks;
