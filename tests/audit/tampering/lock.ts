import { tables, type Tampering } from './tampering';

/**
 * Orders of `lock`, which have no barrier rows: the order's row implies what the ledgers must show.
 */
export const lockTampering: Tampering[] = [
  {
    what: 'a ledger row of the stock deleted, the balance put right',
    orderId: 'locked',
    rules: ['stock-taken-once', 'stock-barrier'],
    tamper: async (world) => {
      const lines = [{ productId: 'p-1', quantity: 3 }];
      await world.order({ orderId: 'locked', status: 'COMPLETED', pattern: 'lock', lines });
      await world.takeByLock('locked');
      await tables(world).stock().where({ order_id: 'locked' }).delete();
      await tables(world).products().where({ product_id: 'p-1' }).increment('available', 3);
    },
  },
  {
    what: 'points refunded that were due, the balance with them',
    orderId: 'locked',
    rules: ['points-taken-once', 'points-barrier'],
    tamper: async (world) => {
      await world.order({ orderId: 'locked', status: 'COMPLETED', pattern: 'lock' });
      await world.takeByLock('locked');
      const again = { order_id: 'locked', customer_id: 'c-1', kind: 'refund', points: 30 };
      await tables(world).points().insert(again);
      await tables(world).accounts().where({ customer_id: 'c-1' }).increment('available', 30);
    },
  },
  {
    what: 'a cancelled order that took both, and gave back what it took',
    orderId: 'locked',
    rules: ['stock-barrier', 'points-barrier'],
    tamper: async (world) => {
      await world.order({ orderId: 'locked', status: 'CANCELLED', pattern: 'lock' });
      await world.takeByLock('locked');
      await world.giveBackByLock('locked');
    },
  },
  {
    what: 'an order on its way whose effects are there already',
    orderId: 'locked',
    rules: ['lock-in-one'],
    tamper: async (world) => {
      await world.order({ orderId: 'locked', status: 'PLACING', pattern: 'lock', owner: 'w-1' });
      await world.takeByLock('locked');
    },
  },
];
