/**
 * Choreography: what the services tell each other, who reacts to it, and what each reaction
 * emits. The table below is what the code does (tests/choreography/table.test.ts runs every
 * reaction and compares), so that nobody has to find the protocol in three services.
 */
import type { RejectionCode } from './failures';
import type { PlacedOrder, Service } from './order';

/** What an event says beyond its order's id. */
interface Contents {
  /** The order was claimed. */
  OrderPlaced: { order: PlacedOrder };
  StockDeducted: object;
  StockRejected: { code: RejectionCode };
  /** Nothing of this order is taken from the stock, and nothing ever will be. */
  StockNotTaken: object;
  StockRestored: object;
  PointsUsed: object;
  PointsRejected: { code: RejectionCode };
  /** None of the customer's points are used for this order, and none ever will be. */
  PointsNotTaken: object;
  PointsRefunded: object;
  /** Decided COMPLETE: both have taken their part, and it has ended. */
  OrderCompleted: object;
  /** Decided CANCEL: who has taken something gives it back, and who has not never will. */
  OrderCancelled: { order: PlacedOrder };
  /** Ended CANCELLED: both have said that nothing is taken any more. */
  OrderClosed: object;
  /** The order service has heard a participant, and nothing follows from it (yet). */
  ReplyNoted: object;
}

export type EventType = keyof Contents;

/** An event of one type; without one, any of them. */
export type OrderEvent<T extends EventType = EventType> = {
  [K in T]: { eventId: string; type: K; orderId: string } & Contents[K];
}[T];

export type Reaction =
  'deductStock' | 'restoreStock' | 'usePoints' | 'refundPoints' | 'settleOrder';

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

/** The protocol. An event without subscribers shows the reader that a reaction was made. */
export const events: Readonly<Record<EventType, EventRow>> = {
  OrderPlaced: {
    emittedBy: 'order',
    subscriptions: [
      {
        subscriber: 'product',
        reaction: 'deductStock',
        emits: ['StockDeducted', 'StockRejected', 'StockNotTaken'],
      },
      {
        subscriber: 'point',
        reaction: 'usePoints',
        emits: ['PointsUsed', 'PointsRejected', 'PointsNotTaken'],
      },
    ],
  },
  StockDeducted: {
    emittedBy: 'product',
    subscriptions: settles('ReplyNoted', 'OrderCompleted', 'OrderCancelled'),
  },
  StockRejected: {
    emittedBy: 'product',
    subscriptions: settles('ReplyNoted', 'OrderCancelled', 'OrderClosed'),
  },
  StockNotTaken: { emittedBy: 'product', subscriptions: settles('ReplyNoted', 'OrderClosed') },
  StockRestored: { emittedBy: 'product', subscriptions: settles('ReplyNoted', 'OrderClosed') },
  PointsUsed: {
    emittedBy: 'point',
    subscriptions: settles('ReplyNoted', 'OrderCompleted', 'OrderCancelled'),
  },
  PointsRejected: {
    emittedBy: 'point',
    subscriptions: settles('ReplyNoted', 'OrderCancelled', 'OrderClosed'),
  },
  PointsNotTaken: { emittedBy: 'point', subscriptions: settles('ReplyNoted', 'OrderClosed') },
  PointsRefunded: { emittedBy: 'point', subscriptions: settles('ReplyNoted', 'OrderClosed') },
  OrderCancelled: {
    emittedBy: 'order',
    subscriptions: [
      {
        subscriber: 'product',
        reaction: 'restoreStock',
        emits: ['StockRestored', 'StockNotTaken'],
      },
      {
        subscriber: 'point',
        reaction: 'refundPoints',
        emits: ['PointsRefunded', 'PointsNotTaken'],
      },
    ],
  },
  OrderCompleted: { emittedBy: 'order', subscriptions: [] },
  OrderClosed: { emittedBy: 'order', subscriptions: [] },
  ReplyNoted: { emittedBy: 'order', subscriptions: [] },
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
