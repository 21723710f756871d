import { tables, type Tampering } from './tampering';

/**
 * Orders of `lock`, which have no barrier rows: the order's row implies what the ledgers must show.
 */
export const lockTampering: Tampering[] = [
  {
    what: 'a stock ledger row deleted, with its balance',
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
    what: 'due points refunded, with their balance',
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
    what: 'a cancelled order that took both and gave them back',
    orderId: 'locked',
    rules: ['stock-barrier', 'points-barrier'],
    tamper: async (world) => {
      await world.order({ orderId: 'locked', status: 'CANCELLED', pattern: 'lock' });
      await world.takeByLock('locked');
      await world.giveBackByLock('locked');
    },
  },
  {
    what: 'an unfinished order whose effects exist already',
    orderId: 'locked',
    rules: ['lock-in-one'],
    tamper: async (world) => {
      await world.order({ orderId: 'locked', status: 'PLACING', pattern: 'lock', owner: 'w-1' });
      await world.takeByLock('locked');
    },
  },
];
