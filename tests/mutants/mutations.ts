import type { Mutation } from './mutate';

/** What more than one kind of test must notice: the order service's guards, taken away. */

export const claimWithoutStatus: Mutation[] = [
  { file: 'activities/order/intake.ts', in: 'claim', from: " AND status = 'CREATED'", to: '' },
];

const steps = 'activities/order/decision.ts';

export const completeOverDecision: Mutation[] = [
  { file: steps, in: 'decideOrders', from: '.decision === null', to: '.decision !== undefined' },
  {
    file: steps,
    in: 'writeComplete',
    from: ".whereNull('decision').update({",
    to: '.update({ reason: null,',
  },
];

export const answersOwnVerdict: Mutation[] = [
  {
    file: steps,
    in: 'decideOrders',
    from: 'row.decision ?? decision',
    to: 'decision ?? row.decision',
  },
];
