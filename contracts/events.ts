/**
 * Choreography: which events exist, which service reacts to each, and which event each reaction
 * emits. The protocol is this one table instead of code in three services;
 * tests/choreography/table.test.ts runs every reaction and compares.
 */
import type { PlacedOrder } from './order';
import {
  participants,
  type ParticipantWords,
  type RegisteredParticipant,
  type RejectionCode,
  type Service,
} from './participants';

type Words = ParticipantWords['events'];

/** The contents of the order service's events, besides the order's id. */
interface OrderContents {
  /** The order was claimed. */
  OrderPlaced: { order: PlacedOrder };
  /** The decision is COMPLETE: every participant has taken its part, and the order has ended. */
  OrderCompleted: object;
  /** The decision is CANCEL: participants give back what they took, and take nothing later. */
  OrderCancelled: { order: PlacedOrder };
  /** The order has ended CANCELLED: every participant has confirmed that it holds nothing. */
  OrderClosed: object;
  /** The order service has received a participant's reply, and nothing follows from it yet. */
  ReplyNoted: object;
}

/** The contents of an event besides the order's id. */
type Contents = OrderContents &
  Record<Words['taken' | 'notTaken' | 'givenBack'], object> &
  Record<Words['rejected'], { code: RejectionCode }>;

type OrderEventType = keyof OrderContents;
/** A participant's replies. */
type ReplyType = Words[keyof Words];
export type EventType = OrderEventType | ReplyType;

/** An event of one type, or of any type. */
export type OrderEvent<T extends EventType = EventType> = {
  [K in T]: { eventId: string; type: K; orderId: string } & Contents[K];
}[T];

type Saga = ParticipantWords['steps']['saga'];
export type Reaction = Saga['action' | 'compensation'] | 'settleOrder';

/**
 * Which service reacts to an event, how, and which events it may emit. Each reaction emits exactly
 * one.
 */
interface Subscription {
  subscriber: Service;
  reaction: Reaction;
  emits: readonly EventType[];
}

interface EventRow {
  emittedBy: Service;
  subscriptions: readonly Subscription[];
}

const settles = (...emits: EventType[]): Subscription[] => [
  { subscriber: 'order', reaction: 'settleOrder', emits },
];

/** A participant's replies, and what they mean for the order. */
function repliesOf({ name, events: words }: RegisteredParticipant): [EventType, EventRow][] {
  const row = (...emits: EventType[]) => ({ emittedBy: name, subscriptions: settles(...emits) });
  return [
    [words.taken, row('ReplyNoted', 'OrderCompleted', 'OrderCancelled')],
    [words.rejected, row('ReplyNoted', 'OrderCancelled', 'OrderClosed')],
    [words.notTaken, row('ReplyNoted', 'OrderClosed')],
    [words.givenBack, row('ReplyNoted', 'OrderClosed')],
  ];
}

/** The order service's events. */
const orderEvents: Readonly<Record<OrderEventType, EventRow>> = {
  OrderPlaced: {
    emittedBy: 'order',
    subscriptions: participants.map(({ name, steps, events: words }) => ({
      subscriber: name,
      reaction: steps.saga.action,
      emits: [words.taken, words.rejected, words.notTaken],
    })),
  },
  OrderCancelled: {
    emittedBy: 'order',
    subscriptions: participants.map(({ name, steps, events: words }) => ({
      subscriber: name,
      reaction: steps.saga.compensation,
      emits: [words.givenBack, words.notTaken],
    })),
  },
  OrderCompleted: { emittedBy: 'order', subscriptions: [] },
  OrderClosed: { emittedBy: 'order', subscriptions: [] },
  ReplyNoted: { emittedBy: 'order', subscriptions: [] },
};

const { OrderPlaced, ...followingEvents } = orderEvents;

/** The protocol. An event without subscribers records that a reaction was made. */
export const events: Readonly<Record<EventType, EventRow>> = {
  OrderPlaced,
  ...(Object.fromEntries(participants.flatMap(repliesOf)) as Record<ReplyType, EventRow>),
  ...followingEvents,
};

/** Emitted at most once per order, whatever the cause. Their ids contain no cause. */
const saidOnce: ReadonlySet<EventType> = new Set([
  'OrderPlaced',
  'OrderCancelled',
  'OrderCompleted',
  'OrderClosed',
]);

/**
 * Creates an event. Its id is derived from the order, the type and the cause, so a repeated
 * reaction emits the same event.
 */
export function eventOf<T extends EventType>(
  type: T,
  orderId: string,
  content: Contents[T],
  cause?: OrderEvent,
): OrderEvent<T> {
  const why = saidOnce.has(type) || !cause ? [] : [cause.eventId.slice(orderId.length + 1)];
  const eventId = [orderId, type, ...why].join(':');
  return { ...content, eventId, type, orderId };
}

/** The type of the event that has this id. */
export function typeIn(eventId: string): string {
  return eventId.split(':')[1] ?? '';
}

/** How a service reacts to events of this type; undefined if it does not. */
export function reactionOf(type: EventType, subscriber: Service): Reaction | undefined {
  return events[type].subscriptions.find((one) => one.subscriber === subscriber)?.reaction;
}

/**
 * The id of the workflow that brings a delivery to one subscriber. A delivery of one event has the
 * event's id as its name. Another `again` gives another id.
 */
export function deliveryId(delivery: string, subscriber: Service, again?: string): string {
  return [delivery, subscriber, ...(again === undefined ? [] : [again])].join(':');
}

/** The prefix of the names of deliveries that several events share. */
const sharedPrefix = 'events-';

/** The name of a delivery of several events. */
export function sharedDelivery(unique: string): string {
  return `${sharedPrefix}${unique}`;
}

/** The query for the open deliveries that several events share. */
export const openSharedDeliveries = `WorkflowId STARTS_WITH "${sharedPrefix}" AND ExecutionStatus = "Running"`;

/** The memo of a shared delivery: its orders, by which adoption finds out whose events are open. */
export interface DeliveryMemo {
  orders: string[];
}

const ownerPrefix = 'deliveries:';

/** The owner of an order that deliveries drive instead of one workflow. */
export function deliveriesOf(orderId: string): string {
  return `${ownerPrefix}${orderId}`;
}

/** The order whose deliveries this owner names; undefined if the owner is a workflow. */
export function orderOfDeliveries(owner: string): string | undefined {
  return owner.startsWith(ownerPrefix) ? owner.slice(ownerPrefix.length) : undefined;
}

/**
 * The query for the open deliveries of this owner's order; undefined if the owner is a workflow.
 */
export function openDeliveriesQuery(owner: string): string | undefined {
  const all = deliveriesQuery(owner);
  return all && `${all} AND ExecutionStatus = "Running"`;
}

/**
 * The query for the closed deliveries of this owner's order; undefined if the owner is a workflow.
 */
export function closedDeliveriesQuery(owner: string): string | undefined {
  const all = deliveriesQuery(owner);
  return all && `${all} AND ExecutionStatus != "Running"`;
}

function deliveriesQuery(owner: string): string | undefined {
  const orderId = orderOfDeliveries(owner);
  if (orderId === undefined) return undefined;
  // Ids are letters, digits, `_` and `-`, so they cannot end the quoted string.
  return `WorkflowId STARTS_WITH "${orderId}:"`;
}
