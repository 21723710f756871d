import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { OwnerState } from '../activities/order/adoption';

/** Asks Temporal what has become of an order's owner. A history past retention is `gone`. */
export async function ownerState(client: WorkflowClient, workflowId: string): Promise<OwnerState> {
  try {
    const { status } = await client.getHandle(workflowId).describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED') return 'open';
    return status.name === 'COMPLETED' ? 'completed' : 'gone';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'gone';
    throw error;
  }
}
