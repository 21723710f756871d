import {
  ParentClosePolicy,
  setCurrentDetails,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { counted, initialAttributes, summaryOf } from '../contracts/labels';
import { orderWorkflows, taskQueues } from '../contracts/names';
import type { PlacedOrder } from '../contracts/order';
import type { Orphan } from '../contracts/steps';
import type { AdoptInput, AdoptResult, PlaceOrdersInput } from '../contracts/workflows';
import { isSearchable } from './attributes';
import { GrowingTable } from './markdown';
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
  const rows = new GrowingTable(['order', 'was driven by', 'is driven by']);
  let afterOwner: string | null = '';
  show(rows, adopted);
  // Once the history is long the schedule's next run goes on: what is adopted is found no more.
  while (afterOwner !== null && !workflowInfo().continueAsNewSuggested) {
    const page = await order.findOrphans({ olderThanMs, afterOwner, limit });
    const waiting = [...page.orphans];
    while (waiting.length > 0 && !workflowInfo().continueAsNewSuggested) {
      const some = waiting.splice(0, adoptedAtOnce);
      const owners = await Promise.all(some.map((orphan) => adoptOne(order, orphan, input)));
      some.forEach((orphan, i) => {
        const owner = owners[i];
        if (!owner) return;
        adopted += 1;
        rows.add(orphan.orderId, orphan.owner, owner);
      });
      show(rows, adopted);
    }
    afterOwner = page.lastOwner;
  }
  return { adopted };
}

/** Answers who drives the order now; null when somebody else was first. */
async function adoptOne(
  order: ReturnType<typeof orderSteps>,
  orphan: Orphan,
  input: AdoptInput,
): Promise<string | null> {
  // The row names its new owner before that workflow begins: if we die in between, its owner has
  // never begun, and the next run adopts it again.
  const owner = `adopt-${uuid4()}`;
  const content = await order.adoptOrder(orphan, owner);
  if (!content) return null;
  const { pattern, ...placed } = content;
  await startChild(orderWorkflows[pattern], {
    workflowId: owner,
    taskQueue: taskQueues.workflow,
    args: [inputOf(placed, input)],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `${summaryOf(pattern, [placed])}, adopted from ${orphan.owner}`,
    ...(isSearchable() && { typedSearchAttributes: initialAttributes(pattern, [placed]) }),
  });
  return owner;
}

function inputOf(order: PlacedOrder, { timing, runbooksUrl }: AdoptInput): PlaceOrdersInput {
  return { orders: [order], timing, ...(runbooksUrl !== undefined && { runbooksUrl }) };
}

/** What an operator reads in the Temporal UI: which orders, whose they were, whose they are. */
function show(rows: GrowingTable, adopted: number): void {
  const lines = [
    `**${counted(adopted, 'order')}** adopted: their owners drove them no more.`,
    ...rows.lines(),
  ];
  setCurrentDetails(lines.join('\n'));
}
