import type { EndedAs } from '../../../activities/database/tables';
import type { World } from '../world';
import { tables, type Tampering } from './tampering';

const tombstone = { kind: 'cancelled' };

/** An XA order whose branches are both committed, as after COMPLETE. */
async function committed(world: World, what: { stock?: boolean; points?: boolean }, id: string) {
  await world.take(id, what);
  await tables(world).stockSteps().where('order_id', id).update({ step: 'prepareStock' });
  await tables(world).pointSteps().where('order_id', id).update({ step: 'preparePoints' });
}

const note = (orderId: string, endedAs: EndedAs | null) => ({
  order_id: orderId,
  gtrid: orderId.padEnd(64, '0'),
  participant: 'point',
  hash: 'v1:test',
  locked_rows: '[]',
  ended_at: endedAs === null ? null : new Date(),
  ended_as: endedAs,
});

/** XA's branches, whose locks and effects are invisible while they are prepared. */
export const branchTampering: Tampering[] = [
  {
    what: 'an XA order CANCELLED while a branch may still be prepared',
    orderId: 'let-go',
    rules: ['branch-left-prepared'],
    tamper: async (world) => {
      await world.order({ orderId: 'let-go', status: 'CANCELLED', pattern: 'xa' });
      await world.barrier('product', 'let-go', 'prepareStock', tombstone);
      await world.databases.point('xa_branches').insert(note('let-go', null));
    },
  },
  {
    what: 'an XA order COMPLETED while a branch may still be prepared',
    orderId: 'half-done',
    rules: ['points-taken-once', 'branch-left-prepared'],
    tamper: async (world) => {
      await world.order({ orderId: 'half-done', status: 'COMPLETED', pattern: 'xa' });
      await committed(world, { stock: true }, 'half-done');
    },
  },
  {
    what: 'a branch committed by hand after CANCEL',
    orderId: 'by-hand',
    rules: ['heuristic-outcome'],
    tamper: async (world) => {
      const pending = { status: 'PENDING', pattern: 'xa', owner: 'w-1' } as const;
      await world.order({ orderId: 'by-hand', decision: 'CANCEL', ...pending });
      await committed(world, { points: true }, 'by-hand');
    },
  },
  {
    what: 'a branch rolled back by hand after COMPLETE',
    orderId: 'by-hand',
    rules: ['heuristic-outcome'],
    tamper: async (world) => {
      const pending = { status: 'PENDING', pattern: 'xa', owner: 'w-1' } as const;
      await world.order({ orderId: 'by-hand', decision: 'COMPLETE', ...pending });
      await committed(world, { stock: true }, 'by-hand');
      await world.databases.point('xa_branches').insert(note('by-hand', 'heuristic-rollback'));
    },
  },
];
