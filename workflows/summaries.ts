import { counted } from '../contracts/labels';
import type { OrderEvent } from '../contracts/events';
import type { OrderEventActivities } from '../contracts/deliveries';
import type { ActivitiesOf, EventActivitiesOf } from '../contracts/participants/activities';
import type { point } from '../contracts/participants/point';
import type { product } from '../contracts/participants/product';
import type { AgedQuery } from '../contracts/reservations';
import type { LockActivities, OrderActivities } from '../contracts/steps';

type ProductActivities = ActivitiesOf<typeof product>;
type PointActivities = ActivitiesOf<typeof point>;
type EventActivities = OrderEventActivities &
  EventActivitiesOf<typeof product> &
  EventActivitiesOf<typeof point>;

/** Every step of every service. */
export type Steps = ProductActivities &
  PointActivities &
  OrderActivities &
  EventActivities &
  LockActivities;

/** What an operator reads beside each activity's name; a new step without its row does not compile. */
const summaries: { [S in keyof Steps]: (...args: Parameters<Steps[S]>) => string } = {
  deductStock: about,
  restoreStock: about,
  usePoints: about,
  refundPoints: about,
  placeInOneTransaction: about,
  prepareStock: about,
  commitStock: about,
  rollbackStock: about,
  findStockBranches: branchesSought,
  preparePoints: about,
  commitPoints: about,
  rollbackPoints: about,
  findPointBranches: branchesSought,
  tryStock: about,
  confirmStock: about,
  cancelStock: about,
  freezeStock: about,
  thawStock: about,
  agedStock: agedOrders,
  tryPoints: about,
  confirmPoints: about,
  cancelPoints: about,
  freezePoints: about,
  thawPoints: about,
  agedPoints: agedOrders,
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
  readDecisions: (orderIds) => about(orderIds.map((orderId) => ({ orderId }))),
  completeOrders: (orderIds) => about(orderIds.map((orderId) => ({ orderId }))),
  alertOrders: about,
  resolveHeld: (orderIds) => about(orderIds.map((orderId) => ({ orderId }))),
  holdOrders: about,
  registerCompensations: about,
  dueCompensations: ({ step, limit }) => `${step}, ${limit} rows at most`,
  recordCompensations: about,
  findOrphans: ({ limit, afterOwner }) =>
    `${limit} owners at most${afterOwner === '' ? '' : `, after ${afterOwner}`}`,
  adoptOrder: (orphans) => about(orphans),
  findOrderWork: () => 'adoption, drain, force',
  findStockWork: () => 'scan, sweep',
  findPointWork: () => 'scan, sweep',
  noteLook: () => 'the end of this look',
  noteRecovery: (kind) => kind,
  findUnconfirmed: agedOrders,
  openResolution: ({ orderId, action }) => `order ${orderId}, ${action}`,
  lastResolution: (orderId) => `order ${orderId}`,
  overturnDecision: (orderId) => `order ${orderId}, CANCEL instead of COMPLETE`,
  closeResolution: (workflowId, refused) => refused ?? workflowId,
  orderReacts: toEvent,
  productReacts: toEvent,
  pointReacts: toEvent,
  eventsOfOrder: aboutOne,
  eventsOfProduct: aboutOne,
  eventsOfPoint: aboutOne,
  settleOrder: aboutOne,
  resolveParked: aboutOne,
};

/** For whom a step is, in one line: the Temporal UI puts the step's name in front. */
export function summaryOfStep(step: string, args: unknown[]): string {
  const summary = summaries[step as keyof Steps] as (...args: unknown[]) => string;
  return summary(...args);
}

function agedOrders({ limit, afterOrder }: AgedQuery): string {
  return `${limit} orders at most${afterOrder === '' ? '' : `, after ${afterOrder}`}`;
}

function about(commands: readonly { orderId: string }[]): string {
  const [first] = commands;
  return first && commands.length === 1
    ? `order ${first.orderId}`
    : counted(commands.length, 'order');
}

function branchesSought({ olderThanMs, limit }: { olderThanMs: number; limit: number }): string {
  return `${limit} branches at most, older than ${olderThanMs} ms`;
}

function aboutOne(orderId: string): string {
  return `order ${orderId}`;
}

function toEvent({ type, orderId }: OrderEvent): string {
  return `to ${type} of order ${orderId}`;
}
