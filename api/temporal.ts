import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import type { StartOrders } from './batch';

/** One try to start a workflow; the dispatcher tries again with the same id. */
const startMsMax = 3_000;
const probeMsMax = 1_000;

/** Which workflow drives a pattern's orders; from `contracts/names`. */
export interface OrderWorkflow {
  workflowType: string;
  taskQueue: string;
  /** The workflow's worker shares this client's connection: its first task comes with the start. */
  eager?: boolean;
}

/** Starts workflows of one type, each id once and never again. */
export function createTemporalStarter(client: Client, workflow: OrderWorkflow): StartOrders {
  type Placing = (input: PlaceOrdersInput) => Promise<PlaceOrdersResult>;
  return async (workflowId, input) => {
    await client.withDeadline(Date.now() + startMsMax, async () => {
      try {
        await client.workflow.start<Placing>(workflow.workflowType, {
          workflowId,
          taskQueue: workflow.taskQueue,
          args: [input],
          // What an operator sees in the list of workflows, without opening a payload.
          staticSummary: summaryOf(input),
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          requestEagerStart: workflow.eager ?? false,
        });
      } catch (error) {
        // An earlier try of ours has started it, and its answer was lost.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    });
    const closed = client.workflow.getHandle<Placing>(workflowId).result();
    return { closed: closed.then(nothing, nothing) };
  };
}

function summaryOf({ orders }: PlaceOrdersInput): string {
  const [first] = orders;
  if (!first || orders.length > 1) return `saga: ${String(orders.length)} orders`;
  return `saga: order ${first.orderId} of ${first.customerId}`;
}

/** Resolves when Temporal answers, and rejects when it does not. */
export function createTemporalProbe(client: Client): () => Promise<void> {
  return async () => {
    await client.withDeadline(Date.now() + probeMsMax, () =>
      client.connection.workflowService.getSystemInfo({}),
    );
  };
}

/** The orders' rows say how each of them ended. */
function nothing(): void {
  return undefined;
}
