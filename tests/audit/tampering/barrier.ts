import { tables, type Tampering } from './tampering';

/** The barrier's rows. */
export const barrierTampering: Tampering[] = [
  {
    what: 'a barrier row that says rejected where stock was taken',
    orderId: 'COMPLETED-1',
    rules: ['stock-barrier'],
    tamper: (world) =>
      tables(world)
        .stockSteps()
        .where({ order_id: 'COMPLETED-1' })
        .update({ outcome: '{"kind":"rejected","code":"insufficient-stock"}' }),
  },
  {
    what: 'a barrier row that says done where nothing was taken',
    orderId: 'given-nothing',
    rules: ['points-barrier'],
    tamper: async (world) => {
      await world.order({ orderId: 'given-nothing', status: 'CANCELLED' });
      await world.barrier('point', 'given-nothing', 'usePoints', { kind: 'done' });
    },
  },
  {
    what: 'a barrier row deleted',
    orderId: 'CANCELLED-1',
    rules: ['points-barrier'],
    tamper: (world) =>
      tables(world).pointSteps().where({ order_id: 'CANCELLED-1', step: 'refundPoints' }).delete(),
  },
  {
    what: 'a barrier row committed without an outcome',
    orderId: 'COMPLETED-1',
    rules: ['stock-barrier'],
    tamper: (world) => world.barrier('product', 'COMPLETED-1', 'restoreStock', null),
  },
  {
    what: 'a barrier row whose outcome is no outcome',
    orderId: 'COMPLETED-1',
    rules: ['stock-barrier'],
    tamper: (world) =>
      tables(world).stockSteps().where({ order_id: 'COMPLETED-1' }).update({ outcome: 'ok' }),
  },
];
