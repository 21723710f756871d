/** Commands and answers of TCC's reservations and of operators' resolutions. */
import type { AdoptedOrder } from './order';

/** Freezes or thaws an order for an operator's resolution. A higher number is newer. */
export interface FreezeCommand {
  orderId: string;
  resolution: number;
}

/** Selects the reservations that are still open after this time, after an order. */
export interface AgedQuery {
  olderThanMs: number;
  afterOrder: string;
  /** The maximum number of orders. */
  limit: number;
}

export const resolutionActions = ['confirm', 'cancel', 'retry'] as const;
/** What an operator may do with a PENDING order. */
export type ResolutionAction = (typeof resolutionActions)[number];

export interface ResolutionRequest {
  orderId: string;
  action: ResolutionAction;
  /** The audit trail keeps it, with the operator's name. */
  reason: string;
  operator: string;
}

/** A resolution that has begun. Its workflow owns the order. */
export interface Resolution {
  /** Higher than the number of every earlier resolution of the order. */
  number: number;
  order: AdoptedOrder;
}

/** How a resolution left its order. The last two changed nothing. */
export type ResolutionOutcome = 'completed' | 'cancelled' | 'pending' | 'not-pending' | 'unsafe';
