import type { OrderEventActivities } from '../../contracts/deliveries';
import type { OrderEvent } from '../../contracts/events';
import { counted } from '../../contracts/labels';
import { participants, type RegisteredParticipant } from '../../contracts/participants';
import { eventsOfName, reactsName } from '../../contracts/participants/activities';
import type { AgedQuery } from '../../contracts/reservations';
import type { LockActivities, OrderActivities } from '../../contracts/steps';

type OwnSteps = OrderActivities & OrderEventActivities & LockActivities;

/** Of the order service and the baseline; a new step without its row does not compile. */
const ownSummaries: { [S in keyof OwnSteps]: (...args: Parameters<OwnSteps[S]>) => string } = {
  placeInOneTransaction: about,
  decideOrders: (verdicts) => {
    const complete = verdicts.filter(({ decision }) => decision === 'COMPLETE');
    const cancel = verdicts.filter(({ decision }) => decision === 'CANCEL');
    const parts = [
      ...(complete.length > 0 ? [`COMPLETE ${about(complete)}`] : []),
      ...(cancel.length > 0 ? [`CANCEL ${about(cancel)}`] : []),
    ];
    return parts.join(', ');
  },
  closeOrders: aboutIds,
  readDecisions: aboutIds,
  completeOrders: aboutIds,
  alertOrders: about,
  resolveHeld: aboutIds,
  holdOrders: about,
  registerCompensations: about,
  dueCompensations: ({ step, limit }) => `${step}, ${limit} rows at most`,
  recordCompensations: about,
  findOrphans: ({ limit, afterOwner }) =>
    `${limit} owners at most${afterOwner === '' ? '' : `, after ${afterOwner}`}`,
  adoptOrder: (orphans) => about(orphans),
  findOrderWork: () => 'adoption, drain, force',
  noteLook: () => 'the end of this look',
  noteRecovery: (kind) => kind,
  findUnconfirmed: agedOrders,
  openResolution: ({ orderId, action }) => `order ${orderId}, ${action}`,
  lastResolution: (orderId) => `order ${orderId}`,
  overturnDecision: (orderId) => `order ${orderId}, CANCEL instead of COMPLETE`,
  closeResolution: (workflowId, refused) => refused ?? workflowId,
  orderReacts: toEvents,
  eventsOfOrder: aboutOne,
  settleOrder: aboutOne,
  resolveParked: aboutOne,
};

function summariesOf({ name, steps: { saga, tcc, xa, findWork } }: RegisteredParticipant) {
  return {
    [saga.action]: about,
    [saga.compensation]: about,
    [tcc.try]: about,
    [tcc.confirm]: about,
    [tcc.cancel]: about,
    [tcc.freeze]: about,
    [tcc.thaw]: about,
    [tcc.aged]: agedOrders,
    [xa.prepare]: about,
    [xa.commit]: about,
    [xa.rollback]: about,
    [xa.find]: branchesSought,
    [findWork]: () => 'scan, sweep',
    [reactsName(name)]: toEvents,
    [eventsOfName(name)]: aboutOne,
  };
}

/** What an operator reads beside each activity's name. */
export const summaries = Object.assign(
  {},
  ownSummaries,
  ...participants.map(summariesOf),
) as Readonly<Record<string, (...args: unknown[]) => string>>;

/** For whom a step is, in one line: the Temporal UI puts the step's name in front. */
export function summaryOfStep(step: string, args: unknown[]): string {
  return summaries[step]?.(...args) ?? step;
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

function aboutIds(orderIds: readonly string[]): string {
  return about(orderIds.map((orderId) => ({ orderId })));
}

function branchesSought({ olderThanMs, limit }: { olderThanMs: number; limit: number }): string {
  return `${limit} branches at most, older than ${olderThanMs} ms`;
}

function aboutOne(orderId: string): string {
  return `order ${orderId}`;
}

function toEvents(events: readonly OrderEvent[] | OrderEvent): string {
  const [first, ...more] = [events].flat();
  if (!first) return 'to no event';
  const one = `to ${first.type} of order ${first.orderId}`;
  return more.length === 0 ? one : `${one} and ${counted(more.length, 'more event')}`;
}
