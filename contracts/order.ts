/** The order, as every part of the system sees it. */

export const patterns = ['lock', 'xa', 'tcc', 'saga', 'choreography'] as const;
/** The protocol that makes the services' effects atomic. */
export type Pattern = (typeof patterns)[number];

export const orderStatuses = ['CREATED', 'PLACING', 'PENDING', 'COMPLETED', 'CANCELLED'] as const;
/** `COMPLETED` and `CANCELLED` are terminal and never change. */
export type OrderStatus = (typeof orderStatuses)[number];

export const decisions = ['COMPLETE', 'CANCEL'] as const;
/**
 * The first writer stores it in the order's row, and every effect follows from it. It never
 * changes, except that in TCC an operator may change COMPLETE to CANCEL once (docs/decisions/0015).
 */
export type Decision = (typeof decisions)[number];

/** One product in one order; `unitPrice` is fixed when the order is created. */
export interface OrderLine {
  productId: string;
  quantity: number;
  unitPrice: number;
}

/**
 * Further members of an order that a participant needs, such as a coupon code. Each name is a
 * column of `orders`. The present participants need none.
 */
export const orderTerms: readonly string[] = [];

/** The terms by name; absent if not given. */
export type OrderTerms = Readonly<Record<string, string>>;

/** An object that may have terms. An order without terms lacks the member. */
export interface WithTerms {
  terms?: OrderTerms;
}

/** The terms among the members of a request or a row. */
export function withTerms(source: object): WithTerms {
  const values = new Map<string, unknown>(Object.entries(source));
  const given = orderTerms.flatMap((term): [string, string][] => {
    const value = values.get(term);
    return typeof value === 'string' ? [[term, value]] : [];
  });
  return given.length === 0 ? {} : { terms: Object.fromEntries(given) };
}

/** What a workflow needs to know to drive an order to its end. */
export interface PlacedOrder extends WithTerms {
  orderId: string;
  customerId: string;
  lines: OrderLine[];
  /** Σ quantity × unitPrice; one point pays one unit. */
  total: number;
  /** Present if the order is decided already, as an adopted order may be. */
  decision?: Decision;
}

/** An adopted order, with the pattern that was recorded when it was claimed. */
export interface AdoptedOrder extends PlacedOrder {
  pattern: Pattern;
}

/** Whether the status is final. */
export function isTerminal(status: OrderStatus): boolean {
  return status === 'COMPLETED' || status === 'CANCELLED';
}
