import type { PlacedOrder } from '../../contracts/order';
import { createOrder, place } from '../support/orders';
import type { World } from '../support/world';

/** Waiting orders, their alerts, and the record of an operator's actions. */

/** The result of placing one order that then waits. */
export const pending = { completed: 0, cancelled: 0, pending: 1 };

export function openAlerts(world: World) {
  const alerts = world.databases.order('alerts').whereNull('resolved_at');
  return alerts.select('kind', 'order_id', 'detail');
}

export const away = () => Promise.reject(new Error('away'));

/** PENDING, decided COMPLETE, with these confirms failing; they work again afterwards. */
export async function unconfirmed(
  world: World,
  ...steps: ('confirmStock' | 'confirmPoints')[]
): Promise<PlacedOrder> {
  const order = await createOrder(world, { lines: { apple: 3 } });
  for (const step of steps) world.faults[step] = away;
  expect(await place(world, [order], 'tcc')).toEqual(pending);
  for (const step of steps) Reflect.deleteProperty(world.faults, step);
  return order;
}

/** The audit trail of an order. */
export function trail(world: World, orderId: string) {
  return world.databases
    .order('resolutions')
    .where('order_id', orderId)
    .orderBy('resolution_id')
    .select('operator', 'action', 'reason', 'outcome');
}

export function entry(action: string, outcome: string | null): object {
  return { operator: 'olga', action, reason: 'the customer called', outcome };
}
