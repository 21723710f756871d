import type { World } from '../world';
import { tables, type Tampering } from './tampering';

/** An order that was cancelled before either participant was asked. */
async function cancelledBefore(
  world: World,
  pattern: 'saga' | 'tcc' | 'choreography',
): Promise<void> {
  await world.order({ orderId: 'cancelled', status: 'CANCELLED', pattern });
  const isTcc = pattern === 'tcc';
  const tombstones = [
    ['product', isTcc ? 'tryStock' : 'deductStock', isTcc ? 'cancelStock' : 'restoreStock'],
    ['point', isTcc ? 'tryPoints' : 'usePoints', isTcc ? 'cancelPoints' : 'refundPoints'],
  ] as const;
  for (const [service, action, compensation] of tombstones) {
    await world.barrier(service, 'cancelled', action, { kind: 'cancelled' });
    await world.barrier(service, 'cancelled', compensation, { kind: 'done' });
  }
}

/** The barrier's rows. */
export const barrierTampering: Tampering[] = [
  {
    what: 'a barrier row with rejected although stock was taken',
    orderId: 'COMPLETED-1',
    rules: ['stock-barrier'],
    tamper: (world) =>
      tables(world)
        .stockSteps()
        .where({ order_id: 'COMPLETED-1' })
        .update({ outcome: '{"kind":"rejected","code":"insufficient-stock"}' }),
  },
  {
    what: 'a barrier row with done although nothing was taken',
    orderId: 'given-nothing',
    rules: ['points-barrier'],
    tamper: async (world) => {
      await world.order({ orderId: 'given-nothing', status: 'CANCELLED' });
      await world.barrier('product', 'given-nothing', 'deductStock', { kind: 'cancelled' });
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
    what: 'the tombstones of a cancelled order deleted, so that a late step would take something',
    orderId: 'cancelled',
    rules: ['late-step-barred'],
    tamper: async (world) => {
      await cancelledBefore(world, 'saga');
      await tables(world).stockSteps().where({ order_id: 'cancelled' }).delete();
      await tables(world).pointSteps().where({ order_id: 'cancelled' }).delete();
    },
  },
  {
    what: "the tombstone of one participant deleted, of TCC's try",
    orderId: 'cancelled',
    rules: ['late-step-barred'],
    tamper: async (world) => {
      await cancelledBefore(world, 'tcc');
      await tables(world).pointSteps().where({ order_id: 'cancelled', step: 'tryPoints' }).delete();
    },
  },
  {
    what: 'the tombstone of one participant deleted, in choreography',
    orderId: 'cancelled',
    rules: ['late-step-barred'],
    tamper: async (world) => {
      await cancelledBefore(world, 'choreography');
      await tables(world)
        .stockSteps()
        .where({ order_id: 'cancelled', step: 'deductStock' })
        .delete();
    },
  },
  {
    what: 'a barrier row committed without an outcome',
    orderId: 'COMPLETED-1',
    rules: ['stock-barrier'],
    tamper: (world) => world.barrier('product', 'COMPLETED-1', 'restoreStock', null),
  },
  {
    what: 'a barrier row with an invalid outcome',
    orderId: 'COMPLETED-1',
    rules: ['stock-barrier'],
    tamper: (world) =>
      tables(world).stockSteps().where({ order_id: 'COMPLETED-1' }).update({ outcome: 'ok' }),
  },
];
