import { createOrderIntake } from '../../activities/order/intake';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { AdoptInput, AdoptResult } from '../../contracts/workflows';
import type { Service } from '../../contracts/participants';
import { runOnce } from '../support/orders';
import { hurriedTiming, type World } from '../support/world';

/** Places an order like the API, by its claim alone. */
export async function placeByEvents(world: World, order: PlacedOrder): Promise<void> {
  const intake = createOrderIntake(world.databases.order);
  const { claimed } = await intake.claimOrders([order.orderId], 'ignored', 'choreography');
  if (claimed.length !== 1) throw new Error('Somebody else has claimed it');
}

/** The customer's cancel. */
export function cancel(world: World, { orderId }: PlacedOrder) {
  return createOrderIntake(world.databases.order).cancelOrder(orderId);
}

/** The types of the events that a service has emitted for an order, unsorted. */
export async function saidOf(world: World, service: Service, { orderId }: PlacedOrder) {
  const types = await world.databases[service]('outbox').where('order_id', orderId).pluck('type');
  return types.sort();
}

/** Runs adoption once for orders of any age, and returns how many it adopted. */
export async function adoptNow(world: World): Promise<number> {
  const input: AdoptInput = { timing: hurriedTiming, olderThanMs: 0, limit: 5 };
  const result = await runOnce(world, workflowTypes.adoptOrders, input);
  return (result as AdoptResult).adopted;
}
