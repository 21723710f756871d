import type { World } from '../world';
import { tables, type Tampering } from './tampering';

/** 2^53 + 1: as a double it is 2^53. */
const odd = '9007199254740993';
const even = '9007199254740992';

/** An order that costs more than a double can represent, paid to the last digit. */
export async function dearOrder(world: World): Promise<void> {
  const lines = [{ productId: 'p-1', quantity: 1 }];
  await world.order({ orderId: 'dear', status: 'COMPLETED', customerId: 'c-2', lines });
  await tables(world).lines().where('order_id', 'dear').update({ unit_price: odd });
  await tables(world).orders().where('order_id', 'dear').update({ total: odd });
  await world.take('dear', { stock: true });
  await world.barrier('point', 'dear', 'usePoints', { kind: 'done' });
  const row = { order_id: 'dear', customer_id: 'c-2', kind: 'use' };
  await tables(world)
    .points()
    .insert({ ...row, points: `-${odd}` });
  // What it took and what is left sum to more than 2^53.
  await world.databases.point.raw(
    `UPDATE point_accounts SET opening = opening + ${odd} WHERE customer_id = 'c-2'`,
  );
}

/** Amounts that differ, but would be equal as doubles. */
export const digitTampering: Tampering[] = [
  {
    what: 'a total above 2^53 that is one less than its lines’ sum',
    orderId: 'dear',
    rules: ['order-total', 'points-taken-once'],
    tamper: async (world) => {
      await dearOrder(world);
      await tables(world).orders().where('order_id', 'dear').update({ total: even });
    },
  },
  {
    what: 'points above 2^53 of which one too few was used, with their balance',
    orderId: 'dear',
    rules: ['points-taken-once'],
    tamper: async (world) => {
      await dearOrder(world);
      await tables(world)
        .points()
        .where('order_id', 'dear')
        .update({ points: `-${even}` });
      await tables(world).accounts().where('customer_id', 'c-2').increment('available', 1);
    },
  },
  {
    what: 'a balance above 2^53 that is off by one',
    orderId: 'dear',
    rules: ['points-balance'],
    tamper: async (world) => {
      await dearOrder(world);
      // On both sides, so that an amount that is off by one is large too.
      await world.databases.point.raw(
        `UPDATE point_accounts SET available = available + ${odd}, opening = opening + ${even}
         WHERE customer_id = 'c-2'`,
      );
    },
  },
  {
    what: 'a balance that together with its reserved part exceeds a column',
    orderId: 'PLACING-1',
    rules: ['stock-balance', 'reserved-by-orders'],
    tamper: (world) =>
      tables(world)
        .products()
        .where('product_id', 'p-1')
        .update({ available: '9223372036854775807', reserved: 1 }),
  },
];
