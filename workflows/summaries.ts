import { counted } from '../contracts/labels';
import type { OrderActivities, PointActivities, ProductActivities } from '../contracts/steps';

/** Every step of every service. */
export type Steps = ProductActivities & PointActivities & OrderActivities;

/** What an operator reads beside each activity's name; a new step without its row does not compile. */
const summaries: { [S in keyof Steps]: (...args: Parameters<Steps[S]>) => string } = {
  deductStock: about,
  restoreStock: about,
  usePoints: about,
  refundPoints: about,
  decideOrders: (verdicts) => {
    const complete = verdicts.filter(({ decision }) => decision === 'COMPLETE');
    const cancel = verdicts.filter(({ decision }) => decision === 'CANCEL');
    const parts = [
      ...(complete.length > 0 ? [`COMPLETE ${about(complete)}`] : []),
      ...(cancel.length > 0 ? [`CANCEL ${about(cancel)}`] : []),
    ];
    return parts.join(', ');
  },
  closeOrders: (orderIds) => about(orderIds.map((orderId) => ({ orderId }))),
  holdOrders: about,
  registerCompensations: about,
  dueCompensations: (limit) => `${limit} rows at most`,
  recordCompensations: about,
  findOrphans: ({ limit, afterOwner }) =>
    `${limit} owners at most${afterOwner === '' ? '' : `, after ${afterOwner}`}`,
  adoptOrder: ({ orderId, owner }) => `order ${orderId} of ${owner}`,
};

/** For whom a step is, in one line: the Temporal UI puts the step's name in front. */
export function summaryOfStep(step: string, args: unknown[]): string {
  const summary = summaries[step as keyof Steps] as (...args: unknown[]) => string;
  return summary(...args);
}

function about(commands: readonly { orderId: string }[]): string {
  const [first] = commands;
  return first && commands.length === 1
    ? `order ${first.orderId}`
    : counted(commands.length, 'order');
}
