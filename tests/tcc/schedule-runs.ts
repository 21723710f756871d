import { workflowTypes } from '../../contracts/names';
import type { ResolutionAction } from '../../contracts/reservations';
import type { AdoptInput, AgedInput, ResolveInput } from '../../contracts/workflows';
import { runOnce } from '../support/orders';
import { hurriedTiming, type World } from '../support/world';

/** One run of each kind of recovery, now, for orders of any age. */

const aged: AgedInput = { timing: hurriedTiming, olderThanMs: 0, limit: 2 };

export function force(world: World, changes: Partial<AgedInput> = {}): Promise<unknown> {
  return runOnce(world, workflowTypes.forceConfirmations, { ...aged, ...changes });
}

export function sweep(world: World, changes: Partial<AgedInput> = {}): Promise<unknown> {
  return runOnce(world, workflowTypes.sweepReservations, { ...aged, ...changes });
}

export function adopt(world: World): Promise<unknown> {
  const input: AdoptInput = { timing: hurriedTiming, olderThanMs: 0, limit: 20 };
  return runOnce(world, workflowTypes.adoptOrders, input);
}

export function resolutionOf(orderId: string, action: ResolutionAction): ResolveInput {
  const reason = 'the customer called';
  return { orderId, action, reason, operator: 'olga', timing: hurriedTiming };
}

export function resolve(world: World, orderId: string, action: ResolutionAction): Promise<unknown> {
  return runOnce(world, workflowTypes.resolveOrder, resolutionOf(orderId, action));
}
