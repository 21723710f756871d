/** What an operator is told of. Each kind has a page that says what to do. */
export const alertKinds = {
  'compensation-failing': 'docs/runbooks/compensation-failing.md',
  'broken-step': 'docs/runbooks/broken-step.md',
} as const;

export type AlertKind = keyof typeof alertKinds;
