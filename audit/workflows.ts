import { WorkflowNotFoundError, type Client } from '@temporalio/client';

/**
 * Asks Temporal whether a workflow is open. One whose history is past retention is not found, and
 * that is no fault: it is closed.
 *
 * @throws whatever the server says when it cannot be asked.
 */
export function openWorkflows(client: Client): (workflowId: string) => Promise<boolean> {
  return async (workflowId) => {
    try {
      const { status } = await client.workflow.getHandle(workflowId).describe();
      return status.name === 'RUNNING' || status.name === 'PAUSED';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
}
