import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { createOrderIntake } from '../../activities/order/intake';
import { helperAttributes, initialAttributes, summaryOf } from '../../contracts/labels';
import { taskQueues } from '../../contracts/names';
import type { Pattern, PlacedOrder } from '../../contracts/order';
import { participants, type Label } from '../../contracts/participants';
import { patternRows } from '../../contracts/patterns';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../../contracts/workflows';
import { hurriedTiming, type World } from './world';

/** What a test says of an order; `o-1`, one apple and Anna unless it says otherwise. */
export interface OrderSketch {
  orderId?: string;
  customerId?: string;
  lines?: Record<string, number>;
  /** Points an item; the sketch's orders all cost this much a piece. */
  unitPrice?: number;
}

/** Writes an order as the API would have created it. */
export async function createOrder(world: World, sketch: OrderSketch = {}): Promise<PlacedOrder> {
  const orderId = sketch.orderId ?? `o-${randomUUID()}`;
  const unitPrice = sketch.unitPrice ?? 1;
  const lines = Object.entries(sketch.lines ?? { apple: 1 }).map(([productId, quantity]) => ({
    productId,
    quantity,
    unitPrice,
  }));
  const total = lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
  const customerId = sketch.customerId ?? 'anna';
  const [creation] = await createOrderIntake(world.databases.order).createOrders([
    { orderId, customerId, idempotencyKey: orderId, requestHash: 'test', lines, total },
  ]);
  if (creation?.kind !== 'created') throw new Error(`Order ${orderId} was not created`);
  return { orderId, customerId, lines, total };
}

/** Claims these orders for a new owner, as the dispatcher does, and answers the owner. */
export async function claim(
  world: World,
  orders: readonly Pick<PlacedOrder, 'orderId'>[],
  pattern: Pattern = 'saga',
): Promise<string> {
  const owner = `place-${randomUUID()}`;
  const ids = orders.map(({ orderId }) => orderId);
  const { claimed } = await createOrderIntake(world.databases.order).claimOrders(
    ids,
    owner,
    pattern,
  );
  if (claimed.length !== orders.length) throw new Error('Somebody else has claimed one of these');
  return owner;
}

/** Claims these orders and starts the saga that owns them, labelled as the API labels it. */
export function startSaga(
  world: World,
  orders: PlacedOrder[],
  timing = hurriedTiming,
  more: Pick<PlaceOrdersInput, 'runbooksUrl'> = {},
) {
  return startOrders(world, 'saga', orders, timing, more);
}

/** Claims these orders and starts the pattern's workflow that owns them, labelled as by the API. */
export async function startOrders(
  world: World,
  pattern: Pattern,
  orders: PlacedOrder[],
  timing = hurriedTiming,
  more: Pick<PlaceOrdersInput, 'runbooksUrl'> = {},
) {
  const workflowId = await claim(world, orders, pattern);
  const input: PlaceOrdersInput = { orders, timing, ...more };
  return world.client.workflow.start<(input: PlaceOrdersInput) => Promise<PlaceOrdersResult>>(
    patternRows[pattern].workflow,
    {
      workflowId,
      taskQueue: taskQueues.workflow,
      args: [input],
      staticSummary: summaryOf(pattern, orders),
      typedSearchAttributes: initialAttributes(pattern, orders),
    },
  );
}

/** Runs the workflow of these orders, the saga unless another is named, to its end. */
export async function place(
  world: World,
  orders: PlacedOrder[],
  pattern: Pattern = 'saga',
): Promise<PlaceOrdersResult> {
  return (await startOrders(world, pattern, orders)).result();
}

/** Starts a schedule's workflow once, now, labelled as the schedule labels it. */
export function startRun(
  world: World,
  type: string,
  input: unknown,
  workflowId = `${type}-${randomUUID()}`,
) {
  return world.client.workflow.start<(input: unknown) => Promise<unknown>>(type, {
    workflowId,
    taskQueue: taskQueues.workflow,
    args: [input],
    typedSearchAttributes: helperAttributes('saga'),
  });
}

/** Runs a schedule's workflow once, to its end. */
export async function runOnce(world: World, type: string, input: unknown): Promise<unknown> {
  return (await startRun(world, type, input)).result();
}

/**
 * Lets the step go that waits at the gate; the workflow hears of its answer and of a cancel at
 * once.
 */
export async function cancelBesideAnswer(
  world: World,
  handle: WorkflowHandle,
  gate: Gate,
): Promise<void> {
  await world.stopWorker('workflow');
  gate.open();
  await until('the step is answered', async () => {
    return (await handle.describe()).raw.pendingActivities?.length === 0;
  });
  await handle.cancel();
  await world.startWorker('workflow');
}

export interface OrderState {
  status: string;
  decision: string | null;
  reason: string | null;
  owner: string | null;
}

export async function stateOf(world: World, orderId: string): Promise<OrderState> {
  const row: unknown = await world.databases
    .order('orders')
    .where('order_id', orderId)
    .first('status', 'decision', 'reason', 'owner');
  return { ...(row as OrderState) };
}

/** Net effect of an order on the participants' books, by the ledgers: all zero or all taken. */
export async function netEffect(world: World, orderId: string): Promise<Record<Label, number>> {
  const nets = await Promise.all(
    participants.map(async ({ name, label, books }): Promise<[Label, number]> => {
      const [sum] = await world.databases[name](books.ledger)
        .where('order_id', orderId)
        .sum<{ net: string | null }[]>({ net: books.amount });
      return [label, Number(sum?.net ?? 0)];
    }),
  );
  return Object.fromEntries(nets) as Record<Label, number>;
}

/** Waits until a condition holds, looking often; fails naming what it waited for. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  msMax = 15_000,
): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${msMax} ms without success for: ${what}`);
    await sleep(20);
  }
}

/** Waits until the order has come to this. */
export async function ends(
  world: World,
  { orderId }: Pick<PlacedOrder, 'orderId'>,
  status: string,
): Promise<void> {
  await until(`${orderId} is ${status}`, async () => {
    return (await stateOf(world, orderId)).status === status;
  });
}

/** A place in the code where a fault waits, until the test lets it go on. */
export class Gate {
  readonly reached: Promise<void>;
  private readonly opened: Promise<void>;
  private markReached: () => void = () => undefined;
  open: () => void = () => undefined;

  constructor() {
    this.reached = new Promise((resolve) => (this.markReached = resolve));
    this.opened = new Promise((resolve) => (this.open = resolve));
  }

  /** Says that this window was reached, and waits here. */
  async pass(): Promise<void> {
    this.markReached();
    await this.opened;
  }
}
