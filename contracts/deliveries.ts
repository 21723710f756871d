/** What the services promise of the events that they hear: see contracts/events.ts. */
import type { OrderEvent } from './events';
import type { OrderStatus } from './order';

/** Who lets a parked event be tried again, and why. */
export interface Release {
  by: string;
  reason: string;
}

/** What came of an event at a subscriber. */
export type Delivery =
  /** The reaction was made, now or before; this is what it emitted. */
  | { kind: 'reacted'; emitted: string }
  /** It cannot be handled, and waits for an operator. `detail` names the fault, never the data. */
  | { kind: 'parked'; detail: string };

/** What one service has said and heard of an order. */
export interface OrderEvents {
  said: OrderEvent[];
  heard: { eventId: string; parked: boolean; error: string | null }[];
}

/** Reacts to one event, once; with a release also when it is parked. */
export type React = (event: OrderEvent, release?: Release) => Promise<Delivery>;

/** The order service's part in choreography. */
export interface OrderEventActivities {
  orderReacts: React;
  eventsOfOrder: (orderId: string) => Promise<OrderEvents>;
  /** Says what is due of an order and was not said, such as its cancellation. */
  settleOrder: (orderId: string) => Promise<OrderStatus>;
  /** An operator has released what was parked of this order: it no longer waits for one. */
  resolveParked: (orderId: string) => Promise<void>;
}
