import { createOrderIntake } from '../../activities/order/intake';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { AdoptInput, AdoptResult } from '../../contracts/workflows';
import type { Service } from '../../contracts/participants';
import { runOnce } from '../support/orders';
import { hurriedTiming, type World } from '../support/world';

/** Places an order as the API does: the claim is all. */
export async function placeByEvents(world: World, order: PlacedOrder): Promise<void> {
  const intake = createOrderIntake(world.databases.order);
  const { claimed } = await intake.claimOrders([order.orderId], 'ignored', 'choreography');
  if (claimed.length !== 1) throw new Error('Somebody else has claimed it');
}

/** The customer's cancel. */
export function cancel(world: World, { orderId }: PlacedOrder) {
  return createOrderIntake(world.databases.order).cancelOrder(orderId);
}

/** The types that a service has said of an order, in no order. */
export async function saidOf(world: World, service: Service, { orderId }: PlacedOrder) {
  const types = await world.databases[service]('outbox').where('order_id', orderId).pluck('type');
  return types.sort();
}

/** Adoption's schedule, once and now, whatever the orders' age; how many were adopted. */
export async function adoptNow(world: World): Promise<number> {
  const input: AdoptInput = { timing: hurriedTiming, olderThanMs: 0, limit: 5 };
  const result = await runOnce(world, workflowTypes.adoptOrders, input);
  return (result as AdoptResult).adopted;
}
