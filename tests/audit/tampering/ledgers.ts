import type { World } from '../world';
import { tables, type Tampering } from './tampering';

/** The ledgers and the balances. */
export const ledgerTampering: Tampering[] = [
  {
    what: "a product's balance changed, and its last order is named",
    orderId: 'PLACING-1',
    rules: ['stock-balance'],
    tamper: (world) =>
      tables(world).products().where({ product_id: 'p-1' }).increment('available', 1),
  },
  {
    what: "a customer's balance changed, and its last order is named",
    orderId: 'CANCELLED-1',
    rules: ['points-balance'],
    tamper: (world) =>
      tables(world).accounts().where({ customer_id: 'c-2' }).decrement('available', 1),
  },
  {
    what: 'a stock ledger row deleted, and the order that lacks it is named',
    orderId: 'COMPLETED-1',
    rules: ['stock-taken-once', 'stock-balance'],
    tamper: (world) =>
      tables(world).stock().where({ order_id: 'COMPLETED-1', product_id: 'p-1' }).delete(),
  },
  {
    what: 'a point ledger row deleted',
    orderId: 'COMPLETED-1',
    rules: ['points-taken-once', 'points-barrier', 'points-balance'],
    tamper: (world) => tables(world).points().where({ order_id: 'COMPLETED-1' }).delete(),
  },
  {
    what: 'a stock ledger row doubled, with its balance',
    orderId: 'COMPLETED-1',
    rules: ['stock-taken-once'],
    tamper: (world) => double(world, 'product', 'COMPLETED-1'),
  },
  {
    what: 'a point ledger row doubled, with its balance',
    orderId: 'COMPLETED-1',
    rules: ['points-taken-once'],
    tamper: (world) => double(world, 'point', 'COMPLETED-1'),
  },
  {
    what: 'stock taken twice by an unfinished order',
    orderId: 'PLACING-1',
    rules: ['stock-all-or-none'],
    tamper: (world) => double(world, 'product', 'PLACING-1'),
  },
  {
    what: 'points used twice by an unfinished order',
    orderId: 'PLACING-1',
    rules: ['points-all-or-none'],
    tamper: (world) => double(world, 'point', 'PLACING-1'),
  },
  {
    what: 'a COMPLETED order without its points',
    orderId: 'no-points',
    rules: ['points-taken-once'],
    tamper: async (world) => {
      await world.order({ orderId: 'no-points', status: 'COMPLETED' });
      await world.take('no-points', { stock: true });
    },
  },
  {
    what: 'a COMPLETED order whose points were refunded',
    orderId: 'COMPLETED-1',
    rules: ['points-taken-once'],
    tamper: (world) => world.giveBack('COMPLETED-1', { points: true }),
  },
  {
    what: 'a CANCELLED order with stock still taken',
    orderId: 'still-taken',
    rules: ['stock-given-back'],
    tamper: async (world) => {
      await world.order({ orderId: 'still-taken', status: 'CANCELLED' });
      await world.take('still-taken');
      await world.giveBack('still-taken', { points: true });
    },
  },
  {
    what: 'a CANCELLED order with points still used',
    orderId: 'still-used',
    rules: ['points-given-back'],
    tamper: async (world) => {
      await world.order({ orderId: 'still-used', status: 'CANCELLED' });
      await world.take('still-used');
      await world.giveBack('still-used', { stock: true });
    },
  },
  {
    what: 'points of another customer',
    orderId: 'COMPLETED-1',
    rules: ['points-taken-once', 'points-of-customer'],
    tamper: async (world) => {
      await tables(world)
        .points()
        .where({ order_id: 'COMPLETED-1' })
        .update({ customer_id: 'c-2' });
      await tables(world).accounts().where({ customer_id: 'c-1' }).increment('available', 30);
      await tables(world).accounts().where({ customer_id: 'c-2' }).decrement('available', 30);
    },
  },
  {
    what: 'a ledger row without an order',
    orderId: 'nobody',
    rules: ['row-without-order'],
    tamper: async (world) => {
      const row = { order_id: 'nobody', product_id: 'p-1', kind: 'deduct', quantity: -1 };
      await tables(world).stock().insert(row);
      await tables(world).products().where({ product_id: 'p-1' }).decrement('available', 1);
    },
  },
  {
    what: 'a ledger row without a product',
    orderId: 'COMPLETED-1',
    rules: ['stock-taken-once', 'balance-missing'],
    tamper: (world) =>
      tables(world)
        .stock()
        .insert({ order_id: 'COMPLETED-1', product_id: 'p-9', kind: 'deduct', quantity: -1 }),
  },
  {
    what: 'a ledger row of an order that is only CREATED',
    orderId: 'CREATED-1',
    rules: ['created-untouched'],
    tamper: (world) => world.take('CREATED-1'),
  },
  {
    what: 'a barrier row of an order that is only CREATED',
    orderId: 'CREATED-1',
    rules: ['created-untouched'],
    tamper: (world) => world.barrier('product', 'CREATED-1', 'deductStock', { kind: 'done' }),
  },
  {
    what: 'reserved pieces without a reservation',
    orderId: 'PLACING-1',
    rules: ['reserved-by-orders'],
    tamper: async (world) => {
      await world.reserve('PLACING-1', 'p-1', 2);
      await tables(world)
        .products()
        .where({ product_id: 'p-1' })
        .increment({ available: -1, reserved: 1 });
    },
  },
  {
    what: 'a reservation ended without its balance',
    orderId: null,
    rules: ['reserved-by-orders'],
    tamper: async (world) => {
      await world.reserve('PLACING-1', 'p-1', 2);
      await world.databases.product('reservations').update({ state: 'confirmed' });
    },
  },
  {
    what: 'an open reservation of a cancelled order',
    orderId: 'CANCELLED-1',
    rules: ['reservation-left-open'],
    tamper: (world) => world.reserve('CANCELLED-1', 'p-1', 2),
  },
  {
    what: 'an open reservation of a completed order',
    orderId: 'COMPLETED-1',
    rules: ['reservation-left-open'],
    tamper: (world) => world.reserve('COMPLETED-1', 'p-1', 2),
  },
  {
    what: 'stock restored before CANCEL was decided',
    orderId: 'PLACING-1',
    rules: ['given-back-after-cancel'],
    tamper: (world) => world.giveBack('PLACING-1', { stock: true }),
  },
];

/** Repeats one row of `deduct` or `use`, as a step that ran twice would. */
async function double(world: World, service: 'product' | 'point', orderId: string): Promise<void> {
  const { product, point } = world.databases;
  if (service === 'product') {
    await product.raw(
      `INSERT INTO stock_ledger (order_id, product_id, kind, quantity)
       SELECT order_id, product_id, kind, quantity FROM stock_ledger
       WHERE order_id = ? AND kind = 'deduct' AND product_id = 'p-2'`,
      [orderId],
    );
    await tables(world).products().where({ product_id: 'p-2' }).decrement('available', 1);
  } else {
    await point.raw(
      `INSERT INTO point_ledger (order_id, customer_id, kind, points)
       SELECT order_id, customer_id, kind, points FROM point_ledger
       WHERE order_id = ? AND kind = 'use'`,
      [orderId],
    );
    await tables(world).accounts().where({ customer_id: 'c-1' }).decrement('available', 30);
  }
}
