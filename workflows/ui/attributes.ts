import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributes } from '../../contracts/labels';
import type { OrderStatus } from '../../contracts/order';

/**
 * Whether this workflow was begun with our search attributes. If not, the namespace may not know
 * them, and setting one would fail every workflow task. In that case orders still run but cannot be
 * searched.
 */
export function isSearchable(): boolean {
  return workflowInfo().typedSearchAttributes.get(searchAttributes.pattern) !== undefined;
}

/** From now on this workflow is found among those that met trouble. */
export function showTroubled(): void {
  if (!isSearchable()) return;
  if (workflowInfo().typedSearchAttributes.get(searchAttributes.troubled) === true) return;
  upsertSearchAttributes([{ key: searchAttributes.troubled, value: true }]);
}

/**
 * Said once, with the workflow's last task, which therefore costs an event and no round trip. Null
 * where the workflow has left no order in any status, because it was never the owner.
 */
export function showWorstStatus(status: OrderStatus | null): void {
  if (!isSearchable()) return;
  upsertSearchAttributes([{ key: searchAttributes.worstStatus, value: status }]);
}
