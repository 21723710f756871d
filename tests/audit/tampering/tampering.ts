import type { Knex } from 'knex';
import type { RuleId } from '../../../audit/rules';
import type { World } from '../world';

/** One change by hand in a clean world, and how the auditor finds it. */
export interface Tampering {
  what: string;
  /** The order whose id is expected; null if nothing identifies one. */
  orderId: string | null;
  /** Every rule that must report it; no other may. */
  rules: RuleId[];
  tamper: (world: World) => Promise<unknown> | Knex.QueryBuilder;
}

/** A clean world with one unfinished order. No case may accuse an order that it did not change. */
export async function cleanWorld(world: World): Promise<void> {
  await world.begin();
  for (const orderId of ['before', 'COMPLETED-1', 'zlast']) {
    await world.order({ orderId, status: 'COMPLETED', customerId: 'c-1' });
    await world.take(orderId);
  }
  await world.order({ orderId: 'CANCELLED-1', status: 'CANCELLED', customerId: 'c-2' });
  await world.take('CANCELLED-1');
  await world.giveBack('CANCELLED-1');
  await world.order({ orderId: 'CREATED-1', status: 'CREATED' });
  await world.order({ orderId: 'PLACING-1', status: 'PLACING', owner: 'w-1', ownedS: 30 });
  await world.take('PLACING-1');
  world.open.add('w-1');
}

/** A new query on each table. */
export function tables({ databases }: World) {
  return {
    orders: () => databases.order('orders'),
    lines: () => databases.order('order_lines'),
    compensations: () => databases.order('compensations'),
    stockSaid: () => databases.product('outbox'),
    products: () => databases.product('products'),
    stock: () => databases.product('stock_ledger'),
    stockSteps: () => databases.product('steps'),
    accounts: () => databases.point('point_accounts'),
    points: () => databases.point('point_ledger'),
    pointSteps: () => databases.point('steps'),
  };
}
