/** How services handle events: see contracts/events.ts. */
import type { OrderEvent } from './events';
import type { OrderStatus } from './order';
import type { Locked, WhenHeld } from './steps';

/** The operator who releases a parked event, and why. */
export interface Release {
  by: string;
  reason: string;
}

/** The outcome of an event at a subscriber. */
export type Delivery =
  /**
   * The subscriber has reacted, now or before. `emitted` is the id of the event that it emitted.
   */
  | { kind: 'reacted'; emitted: string }
  /**
   * The event cannot be handled and waits for an operator. `detail` names the fault, never the
   * data.
   */
  | { kind: 'parked'; detail: string }
  /** Another session has locked rows that the reaction needs; nothing is done. */
  | Locked;

/**
 * The events of one order that a service has emitted (`said`) and received (`heard`). Recorded
 * histories hold these two names.
 */
export interface OrderEvents {
  said: OrderEvent[];
  heard: { eventId: string; parked: boolean; error: string | null }[];
}

/**
 * Reacts to events, to each once, and answers each one's outcome, in their order. With a release it
 * also tries parked events. Asked to wait for locked rows, it fails if they stay locked, and does
 * not answer `locked`.
 */
export type React = (
  events: readonly OrderEvent[],
  release?: Release,
  whenHeld?: WhenHeld,
) => Promise<Delivery[]>;

/** The order service's part in choreography. */
export interface OrderEventActivities {
  orderReacts: React;
  eventsOfOrder: (orderId: string) => Promise<OrderEvents>;
  /**
   * Emits the events that an order's state calls for and that are missing, such as its
   * cancellation.
   */
  settleOrder: (orderId: string) => Promise<OrderStatus>;
  /** Resolves the alert of an order whose parked events an operator has released. */
  resolveParked: (orderId: string) => Promise<void>;
}
