import type { World } from '../world';
import { tables, type Tampering } from './tampering';

/** A waiting TCC order, undecided by default, with one confirmed reservation. */
async function confirmed(world: World, decided: { decision?: 'CANCEL' }) {
  const pending = { status: 'PENDING', pattern: 'tcc', owner: 'w-1' } as const;
  await world.order({ orderId: 'confirmed', ...pending, ...decided });
  await world.take('confirmed', { stock: true });
  await tables(world).stockSteps().where('order_id', 'confirmed').update({ step: 'confirmStock' });
}

/** TCC takes something only by a confirm, which follows only COMPLETE. */
export const confirmTampering: Tampering[] = [
  {
    what: 'a TCC order decided CANCEL that has taken stock',
    orderId: 'confirmed',
    rules: ['confirmed-after-complete'],
    tamper: (world) => confirmed(world, { decision: 'CANCEL' }),
  },
  {
    what: 'an undecided TCC order that has taken stock',
    orderId: 'confirmed',
    rules: ['confirmed-after-complete'],
    tamper: (world) => confirmed(world, {}),
  },
];
