import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { closedDeliveriesQuery, openDeliveriesQuery } from '../contracts/events';

/** What an audit asks of Temporal. */
export interface AuditedWorkflows {
  /** Is there an open workflow of this id? One that is not found is closed. */
  isOpen: (workflowId: string) => Promise<boolean>;
  /** When a workflow that is not open closed; undefined where none is found. */
  closedAt: (workflowId: string) => Promise<Date | undefined>;
}

/**
 * Asks Temporal. A workflow whose history is past retention is not found, and that is no fault: it
 * is closed. An order that its deliveries drive is asked after by those.
 *
 * @throws whatever the server says when it cannot be asked.
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
