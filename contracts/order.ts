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

/**
 * What a customer may say of an order beside its lines, because a participant has to be told, such
 * as the code of a coupon: the names, each a column of `orders`. Today's participants need none.
 */
export const orderTerms: readonly string[] = [];

/** By name; those that are not given are absent. */
export type OrderTerms = Readonly<Record<string, string>>;

/** What may carry terms; an order without any has no such key. */
export interface WithTerms {
  terms?: OrderTerms;
}

/** The terms among other things: those of a request, or of a row. */
export function withTerms(source: object): WithTerms {
  const values = new Map<string, unknown>(Object.entries(source));
  const given = orderTerms.flatMap((term): [string, string][] => {
    const value = values.get(term);
    return typeof value === 'string' ? [[term, value]] : [];
  });
  return given.length === 0 ? {} : { terms: Object.fromEntries(given) };
}

/** What a workflow needs to know of an order in order to drive it to its end. */
export interface PlacedOrder extends WithTerms {
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
