import type { Knex } from 'knex';
import { eventOf, type EventType, type OrderEvent } from '../../contracts/events';
import { isTerminal, type OrderStatus } from '../../contracts/order';
import { participants, type RegisteredParticipant } from '../../contracts/participants';
import type { OrderEventActivities } from '../../contracts/deliveries';
import { asActivity } from '../database/activity-failure';
import { receivedOf } from '../events/inbox';
import { emit, wasEmitted } from '../events/outbox';
import { createEventsOf, createReact } from '../events/reactor';
import { runTransaction } from '../database/transaction';
import { readOrders } from './content';
import { closeOrders, decideOrders, lockOrders, resolveAlerts } from './decision';
import { putAside } from './waits';

/** The order service's part in choreography. `onEmitted` wakes its relay. */
export function createOrderReactions(knex: Knex, onEmitted: () => void): OrderEventActivities {
  return {
    orderReacts: createReact({ knex, subscriber: 'order', react: receiveReply, onEmitted }),
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

/** Handles a participant's reply: decides or ends the order if it can. */
async function receiveReply(trx: Knex.Transaction, event: OrderEvent): Promise<OrderEvent> {
  const emitted = await settle(trx, event.orderId, event);
  return emitted ?? eventOf('ReplyNoted', event.orderId, {}, event);
}

/** For an order whose events were lost: its decision may not have been announced. */
async function settleAgain(trx: Knex.Transaction, orderId: string): Promise<OrderStatus> {
  const emitted = await settle(trx, orderId);
  if (emitted) await emit(trx, [emitted]);
  const row = (await lockOrders(trx, [orderId])).get(orderId);
  if (!row) throw new Error(`Order ${orderId} does not exist`);
  return row.status;
}

/**
 * Decides and ends the order as far as the received replies permit. Locks the order's row first: of
 * two concurrent replies, the second sees what the first committed, so one of them sees both.
 * CANCELLED only once every participant has confirmed that it holds nothing.
 */
async function settle(
  trx: Knex.Transaction,
  orderId: string,
  reply?: OrderEvent,
): Promise<OrderEvent | undefined> {
  const row = (await lockOrders(trx, [orderId])).get(orderId);
  if (!row) throw new Error(`Order ${orderId} does not exist`);
  if (isTerminal(row.status)) return undefined;
  const received = await receivedOf(trx, orderId);
  if (reply) received.add(reply.type);
  const decision = row.decision ?? (await decideBy(trx, orderId, received));
  if (decision === 'COMPLETE') return eventOf('OrderCompleted', orderId, {});
  if (decision === undefined) return undefined;
  if (participants.every((one) => holdsNothing(received, one))) {
    await closeOrders(trx, [orderId]);
    return eventOf('OrderClosed', orderId, {});
  }
  const order = (await readOrders(trx, [orderId])).get(orderId);
  if (!order) throw new Error(`Order ${orderId} has no lines`);
  const cancelled = eventOf('OrderCancelled', orderId, { order });
  return (await wasEmitted(trx, cancelled.eventId)) ? undefined : cancelled;
}

/**
 * The first refusal in order of registration becomes the reason, so the decision waits for all
 * replies.
 */
async function decideBy(trx: Knex.Transaction, orderId: string, received: ReadonlySet<EventType>) {
  const took = (one: RegisteredParticipant) => received.has(one.events.taken);
  if (participants.every(took)) {
    return (await decideOrders(trx, [{ orderId, decision: 'COMPLETE' }]))[0];
  }
  if (!participants.every((one) => took(one) || holdsNothing(received, one))) return undefined;
  const refused = participants.find(({ events }) => received.has(events.rejected));
  const reason = refused?.rejection.code ?? 'unavailable';
  return (await decideOrders(trx, [{ orderId, decision: 'CANCEL', reason }]))[0];
}

/** Whether the participant has confirmed that it holds nothing of the order. */
function holdsNothing(
  received: ReadonlySet<EventType>,
  { events }: RegisteredParticipant,
): boolean {
  return [events.rejected, events.notTaken, events.givenBack].some((type) => received.has(type));
}
