import {
  type ChildWorkflowHandle,
  continueAsNew,
  ParentClosePolicy,
  setCurrentDetails,
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
import { GrowingTable } from '../ui/markdown';
import { orderSteps } from '../shared/steps';
import { isLongEnough, noteEnd } from './run';

/** Workflows that are started together; the next ones follow when these have ended. */
const startedAtOnce = 20;
/** Orders in them, at most. */
const ordersAtOnce = 4 * batchLimits.ordersMax;
/** One that lasts longer waits for something, and is not waited for. */
const waitMsMax = 5_000;

/** An adopted order carries its old owner's name when that was an adoption as well. */
const ownerPrefix = 'adopt-';

interface Batch {
  pattern: Pattern;
  orphans: Orphan[];
}

/**
 * Finds the orders whose owner drives them no more (terminated, failed, never begun), and has them
 * driven on by new workflows: steps replay, and the decision is one. So a Terminate in the Temporal
 * UI loses nothing. Orders that may share a workflow do, as they did before. Only so many are under
 * way at a time, so that the participants are not flooded.
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
  private readonly rows = new GrowingTable(['order', 'was driven by', 'is driven by']);
  /** The workflows that were started last. */
  private underWay: ChildWorkflowHandle<Workflow>[] = [];

  constructor(private readonly input: AdoptInput) {
    this.adopted = input.from?.adopted ?? 0;
    this.order = orderSteps(input.timing);
    this.show();
  }

  /** Adopts the orphans of the next owners; answers the last of these, null when it was the last. */
  async page(afterOwner: string): Promise<string | null> {
    const { olderThanMs, limit } = this.input;
    const page = await this.order.findOrphans({ olderThanMs, afterOwner, limit });
    for (const batches of groupsOf(batchesOf(page.orphans))) {
      await this.settled();
      const started = await Promise.all(batches.map((batch) => this.adopt(batch)));
      this.underWay = started.flatMap((handle) => handle ?? []);
      this.show();
    }
    return page.lastOwner;
  }

  /** Waits for what was started before, but not for what lasts. */
  private async settled(): Promise<void> {
    if (this.underWay.length === 0) return;
    const ends = this.underWay.map((handle) => handle.result().catch(() => undefined));
    this.underWay = [];
    await Promise.race([Promise.all(ends), sleep(waitMsMax)]);
  }

  private async adopt({ pattern, orphans }: Batch) {
    // The rows name their new owner before that workflow begins: if we die in between, their owner
    // has never begun, and the next run adopts them again.
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

  /** What an operator reads in the Temporal UI: which orders, whose they were, whose they are. */
  private show(): void {
    const lines = [
      `**${counted(this.adopted, 'order')}** adopted: their owners drove them no more.`,
      ...this.rows.lines(),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}

function inputOf(orders: AdoptedOrder[], { timing, runbooksUrl }: AdoptInput): PlaceOrdersInput {
  return { orders, timing, ...(runbooksUrl !== undefined && { runbooksUrl }) };
}

/**
 * Which orders go together. One whose adoption was itself lost goes alone from then on: whatever
 * ended its workflow must not end the others'.
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

/** Batches that are under way together. */
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
