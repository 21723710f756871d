import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { openDeliveriesQuery } from '../contracts/events';

/**
 * Asks Temporal whether a workflow is open. One whose history is past retention is not found, and
 * that is no fault: it is closed. An order that its deliveries drive is asked after by those.
 *
 * @throws whatever the server says when it cannot be asked.
 */
export function openWorkflows(client: Client): (workflowId: string) => Promise<boolean> {
  return async (workflowId) => {
    const deliveries = openDeliveriesQuery(workflowId);
    if (deliveries !== undefined) return (await client.workflow.count(deliveries)).count > 0;
    try {
      const { status } = await client.workflow.getHandle(workflowId).describe();
      return status.name === 'RUNNING' || status.name === 'PAUSED';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
}
