/**
 * Choreography: what the services tell each other, who reacts to it, and what each reaction
 * emits. The table below is what the code does (tests/choreography/table.test.ts runs every
 * reaction and compares), so that nobody has to find the protocol in three services.
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

/** What the order service's events say beyond their order's id. */
interface OrderContents {
  /** The order was claimed. */
  OrderPlaced: { order: PlacedOrder };
  /** Decided COMPLETE: every participant has taken its part, and the order has ended. */
  OrderCompleted: object;
  /** Decided CANCEL: who has taken something gives it back, and who has not never will. */
  OrderCancelled: { order: PlacedOrder };
  /** Ended CANCELLED: every participant has said that nothing is taken any more. */
  OrderClosed: object;
  /** The order service has heard a participant, and nothing follows from it (yet). */
  ReplyNoted: object;
}

/** What an event says beyond its order's id. */
type Contents = OrderContents &
  Record<Words['taken' | 'notTaken' | 'givenBack'], object> &
  Record<Words['rejected'], { code: RejectionCode }>;

type OrderEventType = keyof OrderContents;
/** What a participant answers. */
type ReplyType = Words[keyof Words];
export type EventType = OrderEventType | ReplyType;

/** An event of one type; without one, any of them. */
export type OrderEvent<T extends EventType = EventType> = {
  [K in T]: { eventId: string; type: K; orderId: string } & Contents[K];
}[T];

type Saga = ParticipantWords['steps']['saga'];
export type Reaction = Saga['action' | 'compensation'] | 'settleOrder';

/** Who reacts to an event, how, and which events that may emit: exactly one of them each time. */
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

/** What a participant says, and what follows from it for the order. */
function repliesOf({ name, events: words }: RegisteredParticipant): [EventType, EventRow][] {
  const row = (...emits: EventType[]) => ({ emittedBy: name, subscriptions: settles(...emits) });
  return [
    [words.taken, row('ReplyNoted', 'OrderCompleted', 'OrderCancelled')],
    [words.rejected, row('ReplyNoted', 'OrderCancelled', 'OrderClosed')],
    [words.notTaken, row('ReplyNoted', 'OrderClosed')],
    [words.givenBack, row('ReplyNoted', 'OrderClosed')],
  ];
}

/** What the order service says. */
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

/** The protocol. An event without subscribers shows the reader that a reaction was made. */
export const events: Readonly<Record<EventType, EventRow>> = {
  OrderPlaced,
  ...(Object.fromEntries(participants.flatMap(repliesOf)) as Record<ReplyType, EventRow>),
  ...followingEvents,
};

/** Said once in an order's life, whatever made it be said: the id has no cause in it. */
const saidOnce: ReadonlySet<EventType> = new Set([
  'OrderPlaced',
  'OrderCancelled',
  'OrderCompleted',
  'OrderClosed',
]);

/**
 * An event with its id, which follows from the order, the type and what caused it: a reaction
 * that is repeated cannot emit another one.
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

/** The type of the event with this id. */
export function typeIn(eventId: string): string {
  return eventId.split(':')[1] ?? '';
}

/** How a service reacts to events of this type; undefined when it does not. */
export function reactionOf(type: EventType, subscriber: Service): Reaction | undefined {
  return events[type].subscriptions.find((one) => one.subscriber === subscriber)?.reaction;
}

/** The workflow that delivers one event to one subscriber; other words after `again` are another. */
export function deliveryId(eventId: string, subscriber: Service, again?: string): string {
  return [eventId, subscriber, ...(again === undefined ? [] : [again])].join(':');
}

const ownerPrefix = 'deliveries:';

/** The owner of an order that no workflow drives: its deliveries do. */
export function deliveriesOf(orderId: string): string {
  return `${ownerPrefix}${orderId}`;
}

/** The order whose deliveries are this owner; undefined when it is a workflow. */
export function orderOfDeliveries(owner: string): string | undefined {
  return owner.startsWith(ownerPrefix) ? owner.slice(ownerPrefix.length) : undefined;
}

/** Finds the open deliveries of the order with this owner; undefined when it is another owner. */
export function openDeliveriesQuery(owner: string): string | undefined {
  const all = deliveriesQuery(owner);
  return all && `${all} AND ExecutionStatus = "Running"`;
}

/** Finds the closed deliveries of the order with this owner; undefined when it is another owner. */
export function closedDeliveriesQuery(owner: string): string | undefined {
  const all = deliveriesQuery(owner);
  return all && `${all} AND ExecutionStatus != "Running"`;
}

function deliveriesQuery(owner: string): string | undefined {
  const orderId = orderOfDeliveries(owner);
  if (orderId === undefined) return undefined;
  // Ids are letters, digits, `_` and `-`: nothing in them can end the string.
  return `WorkflowId STARTS_WITH "${orderId}:"`;
}
