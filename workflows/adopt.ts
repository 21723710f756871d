import { ParentClosePolicy, startChild, uuid4, workflowInfo } from '@temporalio/workflow';
import { taskQueues, workflowTypes } from '../contracts/names';
import type { Orphan } from '../contracts/steps';
import type { AdoptInput, AdoptResult, PlaceOrdersInput } from '../contracts/workflows';
import { orderSteps } from './proxies';

const adoptedAtOnce = 10;

/**
 * Finds the orders whose owner drives them no more (terminated, failed, never begun), and has
 * each driven on by a workflow of its own: steps replay, and the decision is one. Started by a
 * schedule, so that a Terminate in the Temporal UI loses nothing.
 */
export async function adoptOrders(input: AdoptInput): Promise<AdoptResult> {
  const { timing, olderThanMs, limit } = input;
  const order = orderSteps(timing);
  let adopted = 0;
  let afterOwner: string | null = '';
  // Once the history is long the schedule's next run goes on: what is adopted is found no more.
  while (afterOwner !== null && !workflowInfo().continueAsNewSuggested) {
    const page = await order.findOrphans({ olderThanMs, afterOwner, limit });
    const waiting = [...page.orphans];
    while (waiting.length > 0 && !workflowInfo().continueAsNewSuggested) {
      const some = waiting.splice(0, adoptedAtOnce);
      const taken = await Promise.all(some.map((orphan) => adoptOne(order, orphan, input)));
      adopted += taken.filter(Boolean).length;
    }
    afterOwner = page.lastOwner;
  }
  return { adopted };
}

async function adoptOne(
  order: ReturnType<typeof orderSteps>,
  orphan: Orphan,
  { timing }: AdoptInput,
): Promise<boolean> {
  // The row names its new owner before that workflow begins: if we die in between, its owner has
  // never begun, and the next run adopts it again.
  const owner = `adopt-${uuid4()}`;
  const content = await order.adoptOrder(orphan, owner);
  if (!content) return false;
  const input: PlaceOrdersInput = { orders: [content], timing };
  await startChild(workflowTypes.placeOrders, {
    workflowId: owner,
    taskQueue: taskQueues.workflow,
    args: [input],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  });
  return true;
}
