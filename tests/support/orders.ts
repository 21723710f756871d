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

/** A test's sketch of an order; by default `o-1`, one apple, Anna. */
export interface OrderSketch {
  orderId?: string;
  customerId?: string;
  lines?: Record<string, number>;
  /** Points per piece. */
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

/** Claims these orders for a new owner, like the dispatcher, and returns the owner. */
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

/** Claims these orders and starts the saga that owns them, with the API's labels. */
export function startSaga(
  world: World,
  orders: PlacedOrder[],
  timing = hurriedTiming,
  more: Pick<PlaceOrdersInput, 'runbooksUrl'> = {},
) {
  return startOrders(world, 'saga', orders, timing, more);
}

/** Claims these orders and starts the pattern's workflow that owns them, with the API's labels. */
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

/** Starts a recovery workflow once, now, with the look's labels. */
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

/** Runs a recovery workflow once, to its end. */
export async function runOnce(world: World, type: string, input: unknown): Promise<unknown> {
  return (await startRun(world, type, input)).result();
}

/** Releases the step at the gate, so that its answer and a cancel reach the workflow together. */
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

/** Waits until a condition holds, polling often; fails with the condition's name. */
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

/** Waits until the order has this status. */
export async function ends(
  world: World,
  { orderId }: Pick<PlacedOrder, 'orderId'>,
  status: string,
): Promise<void> {
  await until(`${orderId} is ${status}`, async () => {
    return (await stateOf(world, orderId)).status === status;
  });
}

/** A place where a fault waits until the test releases it. */
export class Gate {
  readonly reached: Promise<void>;
  private readonly opened: Promise<void>;
  private markReached: () => void = () => undefined;
  open: () => void = () => undefined;

  constructor() {
    this.reached = new Promise((resolve) => (this.markReached = resolve));
    this.opened = new Promise((resolve) => (this.open = resolve));
  }

  /** Signals that this window is reached, and waits. */
  async pass(): Promise<void> {
    this.markReached();
    await this.opened;
  }
}
