import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { OwnerState } from '../activities/order/adoption';
import { openDeliveriesQuery } from '../contracts/events';

/**
 * Asks Temporal what has become of an order's owner. A history past retention is `gone`; where the
 * owner is the order's deliveries, so are deliveries none of which is open.
 */
export async function ownerState(client: WorkflowClient, workflowId: string): Promise<OwnerState> {
  const deliveries = openDeliveriesQuery(workflowId);
  if (deliveries !== undefined) {
    return (await client.count(deliveries)).count > 0 ? 'open' : 'gone';
  }
  try {
    const { status } = await client.getHandle(workflowId).describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED') return 'open';
    return status.name === 'COMPLETED' ? 'completed' : 'gone';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'gone';
    throw error;
  }
}
