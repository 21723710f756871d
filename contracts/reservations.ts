/** What TCC's reservations, and operators who resolve an order, are asked with and answered. */
import type { AdoptedOrder } from './order';

/** An operator's resolution that freezes an order, or thaws it; a higher number is a newer one. */
export interface FreezeCommand {
  orderId: string;
  resolution: number;
}

/** Which reservations a sweep asks for: still open after so long, from after an order on. */
export interface AgedQuery {
  olderThanMs: number;
  afterOrder: string;
  /** Orders, at most. */
  limit: number;
}

export const resolutionActions = ['confirm', 'cancel', 'retry'] as const;
/** What an operator may ask for of a PENDING order. */
export type ResolutionAction = (typeof resolutionActions)[number];

export interface ResolutionRequest {
  orderId: string;
  action: ResolutionAction;
  /** Kept in the audit trail, as is who asks. */
  reason: string;
  operator: string;
}

/** A resolution that has begun: the order is its workflow's. */
export interface Resolution {
  /** Higher than those of all resolutions before it. */
  number: number;
  order: AdoptedOrder;
}

/** How a resolution left its order; the last two have changed nothing. */
export type ResolutionOutcome = 'completed' | 'cancelled' | 'pending' | 'not-pending' | 'unsafe';
