import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { createOrderIntake } from '../../activities/order/intake';
import { workflowTypes } from '../../contracts/names';
import type { Pattern, PlacedOrder } from '../../contracts/order';
import type { AdoptInput } from '../../contracts/workflows';
import type { Faults } from '../support/faults';
import { cancelBesideAnswer, claim, createOrder, Gate } from '../support/orders';
import { startOrders, startRun, stateOf, until } from '../support/orders';
import type { OrderSketch } from '../support/orders';
import { hurriedTiming, type World } from '../support/world';
import { dies } from '../xa/branches';

/** Helpers of all scenarios: how to produce an outcome. */

/** Produces one outcome in a world with only stock and points; returns its workflow. */
export type Scenario = (world: World) => Promise<WorkflowHandle>;
export type Counts = [completed: number, cancelled: number, pending: number];

export const local = { ...hurriedTiming, placement: 'local' } as const;
export const impatient = { ...hurriedTiming, attemptMsMax: 500, actionMsMax: 1_000 };
/** An action is requested in four parts: see workflows/shared/patience.ts. */
export const inParts = { ...hurriedTiming, attemptMsMax: 500, actionMsMax: 4_000 };
/** For steps that wait at a gate while other workflows end. */
export const patient = { ...hurriedTiming, attemptMsMax: 20_000, actionMsMax: 40_000 };
/** It has enough stock and too few points. */
export const tooDear = { lines: { apple: 3 }, unitPrice: 100_000 };

export const away = () => Promise.reject(new Error('away'));

/** Waits for its end, and checks that it is the intended one. */
export async function endedAs(
  handle: WorkflowHandle,
  [completed, cancelled, pending]: Counts,
): Promise<WorkflowHandle> {
  expect(await handle.result()).toEqual({ completed, cancelled, pending });
  return handle;
}

/** Places the sketched orders by this pattern, to the end. */
export function placing(pattern: Pattern) {
  return async (
    world: World,
    sketches: OrderSketch[],
    counts: Counts,
    timing = hurriedTiming,
  ): Promise<WorkflowHandle> => {
    const orders: PlacedOrder[] = [];
    for (const sketch of sketches) orders.push(await createOrder(world, sketch));
    return endedAs(await startOrders(world, pattern, orders, timing), counts);
  };
}

/** One run of a workflow that drives no order itself, with its result. */
export async function ran(
  world: World,
  type: string,
  input: unknown,
  result: object,
): Promise<WorkflowHandle> {
  const handle = await startRun(world, type, input);
  expect(await handle.result()).toMatchObject(result);
  return handle;
}

/** Makes these steps wait at a gate. */
export function holdAt(world: World, ...steps: (keyof Faults)[]): Gate {
  const gate = new Gate();
  for (const step of steps) {
    world.faults[step] = async (run) => {
      await gate.pass();
      return run();
    };
  }
  return gate;
}

/** Makes this step fail for longer than a part of an action's time. */
export function failAtLength(world: World, step: keyof Faults): void {
  let untilMs = 0;
  world.faults[step] = (run) => {
    untilMs ||= Date.now() + 1_500;
    return Date.now() < untilMs ? away() : run();
  };
}

/** One order whose workflow waits for this step. */
export async function stoppedAt(
  world: World,
  pattern: Pattern,
  step: keyof Faults,
  timing = hurriedTiming,
  sketch: OrderSketch = {},
) {
  const gate = holdAt(world, step);
  const order = await createOrder(world, sketch);
  const handle = await startOrders(world, pattern, [order], timing);
  await gate.reached;
  return { order, handle, gate };
}

/** One order whose workflow and running steps died in this step. */
export async function lostAt(
  world: World,
  pattern: Pattern,
  step: keyof Faults,
  when: 'before' | 'after',
): Promise<PlacedOrder> {
  const gate = dies(world, step, when);
  const order = await createOrder(world);
  const handle = await startOrders(world, pattern, [order]);
  await gate.reached;
  await handle.terminate();
  world.clearFaults();
  gate.open();
  return order;
}

/** The customer's cancel comes after everything is taken, just before the decision. */
export async function cancelledByCustomer(
  world: World,
  pattern: Pattern,
  timing = hurriedTiming,
): Promise<WorkflowHandle> {
  const order = await createOrder(world);
  world.faults.decideOrders = async (run) => {
    await cancelOrder(world, order);
    return run();
  };
  return endedAs(await startOrders(world, pattern, [order], timing), [0, 1, 0]);
}

export async function cancelOrder(world: World, { orderId }: PlacedOrder): Promise<void> {
  await createOrderIntake(world.databases.order).cancelOrder(orderId);
}

/** An operator cancels the workflow while it waits for this step. */
export async function cancelledAt(
  world: World,
  pattern: Pattern,
  step: keyof Faults,
  timing = hurriedTiming,
): Promise<WorkflowHandle> {
  const { handle, gate } = await stoppedAt(world, pattern, step, timing);
  await handle.cancel();
  await endedAs(handle, [0, 1, 0]);
  gate.open();
  return handle;
}

/** The same, if the step's answer reaches the workflow together with the cancel. */
export async function cancelledBesideAnswer(
  world: World,
  pattern: Pattern,
  step: keyof Faults,
  sketch: OrderSketch = {},
): Promise<WorkflowHandle> {
  const { handle, gate } = await stoppedAt(world, pattern, step, hurriedTiming, sketch);
  await cancelBesideAnswer(world, handle, gate);
  return endedAs(handle, [0, 1, 0]);
}

/**
 * An order with a product that does not exist. An operator cancels it before the step is broken.
 */
export function brokenAndCancelled(
  world: World,
  pattern: Pattern,
  step: keyof Faults,
): Promise<WorkflowHandle> {
  return cancelledBesideAnswer(world, pattern, step, { lines: { ghost: 1 } });
}

/** The same after the decision, which is carried out. */
export async function cancelledTooLate(
  world: World,
  pattern: Pattern,
  step: keyof Faults,
): Promise<WorkflowHandle> {
  const { handle, gate } = await stoppedAt(world, pattern, step);
  await handle.cancel();
  gate.open();
  return endedAs(handle, [1, 0, 0]);
}

/** An operator cancels a workflow without an order to cancel: it ends at once. */
export async function abandoned(
  world: World,
  type: string,
  input: unknown,
  step: keyof Faults,
): Promise<WorkflowHandle> {
  const gate = holdAt(world, step);
  const handle = await startRun(world, type, input);
  await gate.reached;
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  gate.open();
  return handle;
}

/** Another session holds the rows of one of two orders. */
export async function heldUpInBatch(world: World, pattern: Pattern): Promise<WorkflowHandle> {
  const held = await createOrder(world, { lines: { pear: 1 } });
  const free = await createOrder(world, { customerId: 'poor' });
  const holder = await world.databases.product.transaction();
  await holder('products').where('product_id', 'pear').forUpdate();
  const handle = await startOrders(world, pattern, [held, free]);
  await until('the free one is completed', async () => {
    return (await stateOf(world, free.orderId)).status === 'COMPLETED';
  });
  await holder.rollback();
  return endedAs(handle, [2, 0, 0]);
}

export const everyAge: AdoptInput = { timing: hurriedTiming, olderThanMs: 0, limit: 5 };

export function startAdoption(world: World, changes: Partial<AdoptInput> = {}) {
  return startRun(world, workflowTypes.adoptOrders, { ...everyAge, ...changes });
}

/** The workflow to which adoption gave this order. */
export async function adopted(
  world: World,
  { orderId }: PlacedOrder,
  counts: Counts,
): Promise<WorkflowHandle> {
  await (await startAdoption(world)).result();
  const { owner } = await stateOf(world, orderId);
  if (!owner?.startsWith('adopt-')) throw new Error(`${orderId} was not adopted`);
  return endedAs(world.client.workflow.getHandle(owner), counts);
}

/** An order that no workflow ever drove, and that its customer has cancelled. */
export async function adoptedAfterCancel(world: World, pattern: Pattern): Promise<WorkflowHandle> {
  const order = await createOrder(world);
  await claim(world, [order], pattern);
  await world.databases.order('outbox').update({ sent_at: new Date() });
  await cancelOrder(world, order);
  return adopted(world, order, [0, 1, 0]);
}
