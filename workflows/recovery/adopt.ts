import {
  type ChildWorkflowHandle,
  continueAsNew,
  ParentClosePolicy,
  sleep,
  startChild,
  uuid4,
  type Workflow,
} from '@temporalio/workflow';
import { counted, initialAttributes, summaryOf } from '../../contracts/labels';
import { batchLimits } from '../../contracts/limits';
import { taskQueues } from '../../contracts/names';
import type { AdoptedOrder, Pattern } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import type { Orphan } from '../../contracts/recovery';
import type { AdoptInput, AdoptResult, PlaceOrdersInput } from '../../contracts/workflows';
import { isSearchable } from '../ui/attributes';
import { showDetails } from '../ui/details';
import { GrowingTable } from '../ui/markdown';
import { orderSteps } from '../shared/steps';
import { isLongEnough, noteEnd } from './run';

/** How many workflows start together. The next ones follow when these have ended. */
const startedAtOnce = 20;
/** The maximum number of orders in them. */
const ordersAtOnce = 4 * batchLimits.ordersMax;
/** A workflow that takes longer waits for something, and adoption does not wait for it. */
const waitMsMax = 5_000;

/** The prefix of an adopting workflow's id. */
const ownerPrefix = 'adopt-';

interface Batch {
  pattern: Pattern;
  orphans: Orphan[];
}

/**
 * Finds the orders whose owner no longer drives them (terminated, failed, never begun), and starts
 * new workflows for them: steps replay, and the decision stays. So a Terminate in the Temporal UI
 * loses nothing. Orders that may share a workflow do. The number of concurrent workflows is
 * limited, to avoid flooding the participants.
 */
export async function adoptOrders(input: AdoptInput): Promise<AdoptResult> {
  const adoption = new Adoption(input);
  let afterOwner: string | null = input.from?.afterOwner ?? '';
  while (afterOwner !== null) {
    afterOwner = await adoption.page(afterOwner);
    if (afterOwner === null || !isLongEnough()) continue;
    await noteEnd('adoption', input);
    const from = { afterOwner, adopted: adoption.adopted };
    await continueAsNew<typeof adoptOrders>({ ...input, from });
  }
  await noteEnd('adoption', input);
  return { adopted: adoption.adopted };
}

class Adoption {
  adopted;
  private readonly order;
  private readonly rows = new GrowingTable(['order', 'previous owner', 'new owner']);
  /** The workflows started last. */
  private underWay: ChildWorkflowHandle<Workflow>[] = [];

  constructor(private readonly input: AdoptInput) {
    this.adopted = input.from?.adopted ?? 0;
    this.order = orderSteps(input);
    showDetails(() => this.details());
  }

  /**
   * Adopts the orphans of the next owners. Answers the last of these, or null if no owner is left.
   */
  async page(afterOwner: string): Promise<string | null> {
    const { olderThanMs, limit } = this.input;
    const page = await this.order.findOrphans({ olderThanMs, afterOwner, limit });
    for (const batches of groupsOf(batchesOf(page.orphans))) {
      await this.settled();
      const started = await Promise.all(batches.map((batch) => this.adopt(batch)));
      this.underWay = started.flatMap((handle) => handle ?? []);
    }
    return page.lastOwner;
  }

  /** Waits for the workflows started before, except those that take long. */
  private async settled(): Promise<void> {
    if (this.underWay.length === 0) return;
    const ends = this.underWay.map((handle) => handle.result().catch(() => undefined));
    this.underWay = [];
    await Promise.race([Promise.all(ends), sleep(waitMsMax)]);
  }

  private async adopt({ pattern, orphans }: Batch) {
    // The rows name their new owner before that workflow begins. If this run dies in between, the
    // owner never begins, and the next run adopts the orders again.
    const owner = `${ownerPrefix}${uuid4()}`;
    const orders = await this.order.adoptOrder(orphans, owner);
    if (orders.length === 0) return undefined;
    this.adopted += orders.length;
    const ownerBefore = new Map(orphans.map((orphan) => [orphan.orderId, orphan.owner]));
    for (const { orderId } of orders) {
      this.rows.add(orderId, ownerBefore.get(orderId) ?? '', owner);
    }
    const from = ownerBefore.get(orders[0]?.orderId ?? '') ?? '';
    return startChild(patternRows[pattern].workflow, {
      workflowId: owner,
      taskQueue: taskQueues.workflow,
      args: [inputOf(orders, this.input)],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${summaryOf(pattern, orders)}, adopted from ${from}`,
      ...(isSearchable() && { typedSearchAttributes: initialAttributes(pattern, orders) }),
    });
  }

  /** Shows operators which orders were adopted, from which owner and by which. */
  private details(): string {
    return [
      `**${counted(this.adopted, 'order')}** adopted from owners that no longer drive them.`,
      ...this.rows.lines(),
    ].join('\n');
  }
}

function inputOf(orders: AdoptedOrder[], { timing, runbooksUrl }: AdoptInput): PlaceOrdersInput {
  return { orders, timing, ...(runbooksUrl !== undefined && { runbooksUrl }) };
}

/**
 * Which orders share a workflow. An order whose adopting workflow was lost goes alone from then on:
 * what ended that workflow must not end the others'.
 */
function batchesOf(orphans: readonly Orphan[]): Batch[] {
  const batches: Batch[] = [];
  const open = new Map<Pattern, { batch: Batch; lines: number }>();
  for (const orphan of orphans) {
    const { pattern, owner, lines } = orphan;
    if (patternRows[pattern].begins !== 'with-others' || owner.startsWith(ownerPrefix)) {
      batches.push({ pattern, orphans: [orphan] });
      continue;
    }
    let last = open.get(pattern);
    const isFull =
      last !== undefined &&
      (last.batch.orphans.length >= batchLimits.ordersMax ||
        last.lines + lines > batchLimits.linesMax);
    if (!last || isFull) {
      last = { batch: { pattern, orphans: [] }, lines: 0 };
      open.set(pattern, last);
      batches.push(last.batch);
    }
    last.batch.orphans.push(orphan);
    last.lines += lines;
  }
  return batches;
}

/** Batches that run together. */
function groupsOf(batches: readonly Batch[]): Batch[][] {
  const groups: Batch[][] = [];
  let group: Batch[] = [];
  let orders = 0;
  for (const batch of batches) {
    const isFull = group.length >= startedAtOnce || orders + batch.orphans.length > ordersAtOnce;
    if (isFull && group.length > 0) {
      groups.push(group);
      group = [];
      orders = 0;
    }
    group.push(batch);
    orders += batch.orphans.length;
  }
  return group.length > 0 ? [...groups, group] : groups;
}
