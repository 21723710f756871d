import type { WorkflowHandle } from '@temporalio/client';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { ResolutionAction } from '../../contracts/reservations';
import { startRun } from '../support/orders';
import type { World } from '../support/world';
import { unconfirmed } from '../tcc/pending';
import { resolutionOf, resolve } from '../tcc/schedule-runs';
import { dies } from '../xa/branches';
import { holdAt, patient } from './support';

/** Operators who resolve an order of TCC while others drive it. */

export function startResolution(
  world: World,
  { orderId }: PlacedOrder,
  action: ResolutionAction,
  timing = patient,
): Promise<WorkflowHandle> {
  const input = { ...resolutionOf(orderId, action), timing };
  return startRun(world, workflowTypes.resolveOrder, input);
}

/** A cancel whose workflow is terminated once everything is frozen. */
export async function freezeAndDie(world: World, order: PlacedOrder): Promise<void> {
  const gate = dies(world, 'overturnDecision', 'before');
  const cancel = await startResolution(world, order, 'cancel');
  await gate.reached;
  await cancel.terminate();
  world.clearFaults();
  gate.open();
}

/**
 * Starts the confirmation of an order, then cancels the order, so that the confirmation is late.
 */
export async function overtaken(
  world: World,
  confirms: (order: PlacedOrder) => Promise<WorkflowHandle>,
): Promise<WorkflowHandle> {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const gate = holdAt(world, 'confirmStock', 'confirmPoints');
  const handle = await confirms(order);
  await gate.reached;
  expect(await resolve(world, order.orderId, 'cancel')).toEqual({ outcome: 'cancelled' });
  gate.open();
  return handle;
}

/** An operator's confirm that finds the order cancelled by another operator. */
export async function confirmOvertaken(world: World): Promise<WorkflowHandle> {
  const handle = await overtaken(world, (order) => startResolution(world, order, 'confirm'));
  expect(await handle.result()).toEqual({ outcome: 'cancelled' });
  return handle;
}

/** The stock's reservation can no longer be confirmed: damaged data, or a bug. */
export async function forgetReservation(world: World): Promise<void> {
  await world.databases.product('steps').where('step', 'tryStock').delete();
}
