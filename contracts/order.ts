/** The order as every part of the system speaks of it. */

export const patterns = ['lock', 'xa', 'tcc', 'saga', 'choreography'] as const;
/** Which protocol makes the three services' effects one act. */
export type Pattern = (typeof patterns)[number];

export const orderStatuses = ['CREATED', 'PLACING', 'PENDING', 'COMPLETED', 'CANCELLED'] as const;
/** `COMPLETED` and `CANCELLED` are terminal and never change. */
export type OrderStatus = (typeof orderStatuses)[number];

export const decisions = ['COMPLETE', 'CANCEL'] as const;
/**
 * Written into the order row by the first who decides; every effect follows from it. It stays, but
 * that in TCC an operator may change COMPLETE to CANCEL once (docs/decisions/0015).
 */
export type Decision = (typeof decisions)[number];

/** One product in one order; `unitPrice` is fixed when the order is created. */
export interface OrderLine {
  productId: string;
  quantity: number;
  unitPrice: number;
}

/** What a workflow needs to know of an order in order to drive it to its end. */
export interface PlacedOrder {
  orderId: string;
  customerId: string;
  lines: OrderLine[];
  /** Σ quantity × unitPrice; one point pays one unit. */
  total: number;
  /** Present when somebody has decided already, as with an adopted order. */
  decision?: Decision;
}

/** An order that has been taken over, with the protocol that was recorded when it was claimed. */
export interface AdoptedOrder extends PlacedOrder {
  pattern: Pattern;
}

/** Is this status final? */
export function isTerminal(status: OrderStatus): boolean {
  return status === 'COMPLETED' || status === 'CANCELLED';
}
