import type { Knex } from 'knex';
import { eventOf, type EventType, type OrderEvent } from '../../contracts/events';
import { isTerminal, type OrderStatus } from '../../contracts/order';
import { participants, type RegisteredParticipant } from '../../contracts/participants';
import type { OrderEventActivities } from '../../contracts/deliveries';
import type { DecisionRequest, StandingDecision } from '../../contracts/steps';
import { asActivity } from '../database/activity-failure';
import { receivedOf } from '../events/inbox';
import { emit, emittedOf } from '../events/outbox';
import { createEventsOf, createReact } from '../events/reactor';
import type { Row } from '../database/tables';
import { runTransaction } from '../database/transaction';
import { readOrders } from './content';
import {
  closeOrders,
  decideOrders,
  lockFreeOrders,
  lockOrders,
  readDecisions,
  resolveAlerts,
} from './decision';
import { putAside } from './waits';

/** The order service's part in choreography. `onEmitted` wakes its relay. */
export function createOrderReactions(knex: Knex, onEmitted: () => void): OrderEventActivities {
  return {
    orderReacts: createReact({
      knex,
      subscriber: 'order',
      react: receiveReplies,
      findLocked: repliesToLocked,
      // The order service waits for its orders' rows, and is never told of them.
      needing: () => [],
      onEmitted,
    }),
    eventsOfOrder: createEventsOf(knex),
    settleOrder: (orderId) =>
      asActivity(async () => {
        const status = await runTransaction(knex, (trx) => settleAgain(trx, orderId));
        onEmitted();
        return status;
      }),
    resolveParked: (orderId) =>
      asActivity(() => runTransaction(knex, (trx) => resolve(trx, orderId))),
  };
}

/** The order may still wait for something else. */
async function resolve(trx: Knex.Transaction, orderId: string): Promise<void> {
  const row = (await lockOrders(trx, [orderId], 'resolveParked')).get(orderId);
  await resolveAlerts(trx, [orderId], 'event-parked');
  if (row?.status === 'PENDING') await putAside(trx, [orderId]);
}

/** Handles participants' replies: decides or ends each order if it can. */
async function receiveReplies(
  trx: Knex.Transaction,
  replies: readonly OrderEvent[],
): Promise<Map<string, OrderEvent>> {
  const byOrder = new Map(replies.map((reply) => [reply.orderId, reply]));
  const emitted = await settle(trx, [...byOrder.keys()], byOrder);
  return new Map(
    replies.map((reply) => [
      reply.eventId,
      emitted.get(reply.orderId) ?? eventOf('ReplyNoted', reply.orderId, {}, reply),
    ]),
  );
}

/** The replies to orders whose rows another session has locked. */
async function repliesToLocked(
  trx: Knex.Transaction,
  replies: readonly OrderEvent[],
): Promise<OrderEvent[]> {
  const ids = replies.map(({ orderId }) => orderId);
  const free = await lockFreeOrders(trx, ids);
  const existing = await readDecisions(trx, ids);
  return replies.filter(({ orderId }, i) => !free.has(orderId) && existing[i] !== 'unknown');
}

/** For an order whose events were lost: its decision may not have been announced. */
async function settleAgain(trx: Knex.Transaction, orderId: string): Promise<OrderStatus> {
  await emit(trx, [...(await settle(trx, [orderId])).values()]);
  const row = (await lockOrders(trx, [orderId])).get(orderId);
  if (!row) throw new Error(`Order ${orderId} does not exist`);
  return row.status;
}

/**
 * Decides and ends orders as far as the received replies permit, and answers the events that follow,
 * by order. Locks the orders' rows first: of two concurrent replies, the second sees what the first
 * committed, so one of them sees both. CANCELLED only once every participant has confirmed that it
 * holds nothing.
 */
async function settle(
  trx: Knex.Transaction,
  orderIds: readonly string[],
  replies: ReadonlyMap<string, OrderEvent> = new Map(),
): Promise<Map<string, OrderEvent>> {
  const rows = await lockOrders(trx, orderIds);
  const missing = orderIds.find((orderId) => !rows.has(orderId));
  if (missing !== undefined) throw new Error(`Order ${missing} does not exist`);
  const open = [...rows.values()].filter(({ status }) => !isTerminal(status));
  const received = await receivedOf(
    trx,
    open.map((row) => row.order_id),
  );
  for (const [orderId, { type }] of replies) received.get(orderId)?.add(type);
  const decisions = await decideBy(trx, open, received);
  const cancelled = [...decisions].flatMap(([orderId, one]) => (one === 'CANCEL' ? orderId : []));
  const isEmpty = (orderId: string) =>
    participants.every((one) => holdsNothing(received.get(orderId) ?? new Set(), one));
  const ended = cancelled.filter(isEmpty);
  await closeOrders(trx, ended);
  const announced = await cancellations(
    trx,
    cancelled.filter((orderId) => !isEmpty(orderId)),
  );
  const completed = [...decisions].flatMap(([orderId, one]) => (one === 'COMPLETE' ? orderId : []));
  return new Map([
    ...completed.map((orderId) => [orderId, eventOf('OrderCompleted', orderId, {})] as const),
    ...ended.map((orderId) => [orderId, eventOf('OrderClosed', orderId, {})] as const),
    ...announced,
  ]);
}

/** The events that announce these orders' cancellation, except those that were emitted before. */
async function cancellations(
  trx: Knex.Transaction,
  orderIds: readonly string[],
): Promise<[string, OrderEvent][]> {
  if (orderIds.length === 0) return [];
  const orders = await readOrders(trx, orderIds);
  const all = orderIds.map((orderId): [string, OrderEvent] => {
    const order = orders.get(orderId);
    if (!order) throw new Error(`Order ${orderId} has no lines`);
    return [orderId, eventOf('OrderCancelled', orderId, { order })];
  });
  const emitted = await emittedOf(
    trx,
    all.map(([, { eventId }]) => eventId),
  );
  return all.filter(([, { eventId }]) => !emitted.has(eventId));
}

/** Writes the decisions that can be taken, and answers all that there are. */
async function decideBy(
  trx: Knex.Transaction,
  orders: readonly Pick<Row<'orders'>, 'order_id' | 'decision'>[],
  received: ReadonlyMap<string, ReadonlySet<EventType>>,
): Promise<Map<string, StandingDecision>> {
  const verdicts = orders.flatMap(({ order_id: orderId, decision }) => {
    const verdict = decision === null && verdictBy(received.get(orderId) ?? new Set());
    return verdict ? [{ orderId, ...verdict }] : [];
  });
  const written = verdicts.length > 0 ? await decideOrders(trx, verdicts) : [];
  const decisions = new Map<string, StandingDecision>();
  for (const { order_id: orderId, decision } of orders) {
    if (decision !== null) decisions.set(orderId, decision);
  }
  verdicts.forEach(({ orderId }, i) => {
    const decision = written[i];
    if (decision !== undefined) decisions.set(orderId, decision);
  });
  return decisions;
}

/**
 * The first refusal in order of registration becomes the reason, so the decision waits for all
 * replies.
 */
function verdictBy(received: ReadonlySet<EventType>): Omit<DecisionRequest, 'orderId'> | undefined {
  const took = (one: RegisteredParticipant) => received.has(one.events.taken);
  if (participants.every(took)) return { decision: 'COMPLETE' };
  if (!participants.every((one) => took(one) || holdsNothing(received, one))) return undefined;
  const refused = participants.find(({ events }) => received.has(events.rejected));
  return { decision: 'CANCEL', reason: refused?.rejection.code ?? 'unavailable' };
}

/** Whether the participant has confirmed that it holds nothing of the order. */
function holdsNothing(
  received: ReadonlySet<EventType>,
  { events }: RegisteredParticipant,
): boolean {
  return [events.rejected, events.notTaken, events.givenBack].some((type) => received.has(type));
}
