import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributes } from '../../contracts/labels';
import type { OrderStatus } from '../../contracts/order';

/**
 * Whether this workflow began with the search attributes. If not, the namespace may lack them, and
 * setting one would fail every workflow task. In that case orders still run but cannot be searched.
 */
export function isSearchable(): boolean {
  return workflowInfo().typedSearchAttributes.get(searchAttributes.pattern) !== undefined;
}

/** Marks this workflow as troubled for searches. */
export function showTroubled(): void {
  if (!isSearchable()) return;
  if (workflowInfo().typedSearchAttributes.get(searchAttributes.troubled) === true) return;
  upsertSearchAttributes([{ key: searchAttributes.troubled, value: true }]);
}

/**
 * Set once, with the workflow's last task, which costs one event and no round trip. Null if the
 * workflow never owned an order.
 */
export function showWorstStatus(status: OrderStatus | null): void {
  if (!isSearchable()) return;
  upsertSearchAttributes([{ key: searchAttributes.worstStatus, value: status }]);
}
