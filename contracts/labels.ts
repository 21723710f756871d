/**
 * What an operator reads and searches in the Temporal UI's list of workflows, without opening a
 * payload. The code that starts a workflow puts it on; the workflow changes what changes later.
 */
import type { Pattern, PlacedOrder } from './order';

/**
 * Search attributes, to be registered in the namespace. A workflow that was begun without them
 * leaves them alone, because setting one that is not registered fails the workflow's task.
 */
export const searchAttributes = {
  pattern: { name: 'OrderPattern', type: 'KEYWORD' },
  size: { name: 'OrderBatchSize', type: 'INT' },
  /** The worst status among its orders; how they were left, once it has closed. */
  worstStatus: { name: 'OrderWorstStatus', type: 'KEYWORD' },
  /** Something went wrong that is no customer's doing. Once true it stays true. */
  troubled: { name: 'OrderTroubled', type: 'BOOL' },
} as const;

/** What is known of a batch before anything is done. */
export function initialAttributes(pattern: Pattern, orders: readonly { orderId: string }[]) {
  return [
    { key: searchAttributes.pattern, value: pattern as string },
    { key: searchAttributes.size, value: orders.length },
    { key: searchAttributes.worstStatus, value: 'PLACING' },
    { key: searchAttributes.troubled, value: false },
  ];
}

/**
 * What a workflow begins with that drives no order by itself, and may get into trouble; `all` for one
 * that serves every pattern.
 */
export function besideAttributes(pattern: Pattern | 'all') {
  return [
    { key: searchAttributes.pattern, value: pattern as string },
    { key: searchAttributes.troubled, value: false },
  ];
}

/** What this workflow is about, in one line. */
export function summaryOf(pattern: Pattern, orders: readonly PlacedOrder[]): string {
  const [first] = orders;
  if (!first || orders.length > 1) return `${pattern}: ${orders.length} orders`;
  const { orderId, customerId, lines, total } = first;
  const items = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  return `${pattern}: order ${orderId} of ${customerId}, ${counted(items, 'item')} for ${total}`;
}

/** `1 order`, `2 orders`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
