import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { closedDeliveriesQuery, openDeliveriesQuery } from '../contracts/events';

/** What an audit asks Temporal. */
export interface AuditedWorkflows {
  /** Whether the workflow with this id is open. One that is not found counts as closed. */
  isOpen: (workflowId: string) => Promise<boolean>;
  /** When a workflow closed; undefined if it is not found. */
  closedAt: (workflowId: string) => Promise<Date | undefined>;
}

/**
 * Asks Temporal. A workflow whose history is past retention is not found and counts as closed. For
 * an order that deliveries drive, this asks about the deliveries.
 *
 * @throws the error of a server that does not answer
 */
export function workflowsOf(client: Client): AuditedWorkflows {
  const describe = (workflowId: string) =>
    client.workflow
      .getHandle(workflowId)
      .describe()
      .catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      });
  return {
    async isOpen(workflowId) {
      const deliveries = openDeliveriesQuery(workflowId);
      if (deliveries !== undefined) return (await client.workflow.count(deliveries)).count > 0;
      const status = (await describe(workflowId))?.status.name;
      return status === 'RUNNING' || status === 'PAUSED';
    },
    async closedAt(workflowId) {
      const deliveries = closedDeliveriesQuery(workflowId);
      if (deliveries === undefined) return (await describe(workflowId))?.closeTime;
      let last: Date | undefined;
      for await (const { closeTime } of client.workflow.list({ query: deliveries })) {
        if (closeTime && (!last || closeTime > last)) last = closeTime;
      }
      return last;
    },
  };
}
