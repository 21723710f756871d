/**
 * What operators read and search in the Temporal UI's list of workflows, without opening a payload.
 * The code that starts a workflow sets it; the workflow updates it.
 */
import type { Pattern, PlacedOrder } from './order';

/**
 * The search attributes, which the namespace must know. A workflow that started without them never
 * sets them, because setting an unregistered one fails the workflow task.
 */
export const searchAttributes = {
  pattern: { name: 'OrderPattern', type: 'KEYWORD' },
  size: { name: 'OrderBatchSize', type: 'INT' },
  /** The worst status among the workflow's orders. Final once the workflow has closed. */
  worstStatus: { name: 'OrderWorstStatus', type: 'KEYWORD' },
  /** A fault occurred that no customer caused. Once true it stays true. */
  troubled: { name: 'OrderTroubled', type: 'BOOL' },
} as const;

/** The attributes of a batch at its start. */
export function initialAttributes(pattern: Pattern, orders: readonly { orderId: string }[]) {
  return [
    { key: searchAttributes.pattern, value: pattern as string },
    { key: searchAttributes.size, value: orders.length },
    { key: searchAttributes.worstStatus, value: 'PLACING' },
    { key: searchAttributes.troubled, value: false },
  ];
}

/**
 * Initial attributes of helper workflows (recovery, deliveries), which own no orders; `all` for one
 * that serves every pattern.
 */
export function helperAttributes(pattern: Pattern | 'all') {
  return [
    { key: searchAttributes.pattern, value: pattern as string },
    { key: searchAttributes.troubled, value: false },
  ];
}

/** One line that describes the workflow. */
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
