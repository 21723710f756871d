import { v7 as uuidv7 } from 'uuid';
import { createOrderActivities } from '../../activities/order/activities';
import { createOrderIntake, type OrderDraft } from '../../activities/order/intake';
import { createParticipantActivities } from '../../activities/participant/activities';
import type { PlacedOrder } from '../../contracts/order';
import { participants } from '../../contracts/participants';
import type { LoadOrder } from '../load/order-file';
import { withProgress } from '../load/progress';
import type { AllDatabases } from '../stack/all-databases';
import { benchOrders, scenarios } from './orders';

/** Orders that the services' own code writes, many at once, while no process of theirs runs. */

const ordersAtOnce = 200;

/**
 * Creates orders, each claimed an hour ago by an owner of its own that never began.
 *
 * @param also what is done with some of them at a time
 */
export async function plant(
  databases: AllDatabases,
  count: number,
  also: (orders: PlacedOrder[]) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const { order, product } = databases;
  const intake = createOrderIntake(order);
  const rows = await product('products').select('product_id', 'price');
  const prices = new Map(rows.map(({ product_id: id, price }) => [id, Number(price)]));
  const wanted = benchOrders(scenarios.plain, Date.now());
  await withProgress('Planting', 'orders', async (update) => {
    for (let planted = 0; planted < count; planted += ordersAtOnce) {
      const drafts = Array.from({ length: Math.min(ordersAtOnce, count - planted) }, () =>
        draftOf((wanted.next() as { value: LoadOrder }).value, prices),
      );
      await intake.createOrders(drafts);
      const ids = drafts.map(({ orderId }) => orderId);
      const owner = order.raw(`CONCAT('place-', order_id)`);
      const owned_at = order.raw('NOW(6) - INTERVAL 1 HOUR');
      const claim = { status: 'PLACING', pattern: 'saga', owner, owned_at } as const;
      await order('orders').whereIn('order_id', ids).update(claim);
      await also(drafts);
      update(planted, count);
    }
  });
}

/** The workflow that owns a planted order. */
export function ownerOf({ orderId }: PlacedOrder): string {
  return `place-${orderId}`;
}

function draftOf({ customerId, items }: LoadOrder, prices: Map<string, number>): OrderDraft {
  const lines = items.map((item) => ({ ...item, unitPrice: prices.get(item.productId) ?? 0 }));
  const total = lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
  const orderId = `o-${uuidv7()}`;
  return { orderId, customerId, lines, total, idempotencyKey: orderId, requestHash: 'planted' };
}

/**
 * Takes everything that planted orders need, as the saga's actions do.
 *
 * @throws Error when a participant refuses one
 */
export function takeAll(databases: AllDatabases): (orders: PlacedOrder[]) => Promise<void> {
  const actions = participants.map((participant) => {
    const activities = createParticipantActivities(participant, databases[participant.name]);
    const act = activities[participant.steps.saga.action];
    return (orders: PlacedOrder[]) => act(orders.map(participant.command));
  });
  return async (orders) => {
    const outcomes = (await Promise.all(actions.map((act) => act(orders)))).flat();
    const other = outcomes.find(({ kind }) => kind !== 'done');
    if (other) throw new Error(`A planted order is ${JSON.stringify(other)}`);
  };
}

/** Plants orders that have COMPLETED. */
export async function plantCompleted(databases: AllDatabases, count: number): Promise<void> {
  const askOwners = () => Promise.reject(new Error('A planted order’s owner never began'));
  const deciding = createOrderActivities({ knex: databases.order, askOwners });
  const take = takeAll(databases);
  await plant(databases, count, async (orders) => {
    await take(orders);
    await deciding.decideOrders(orders.map(({ orderId }) => ({ orderId, decision: 'COMPLETE' })));
  });
}
