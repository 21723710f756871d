import type { Knex } from 'knex';
import { xidOf } from '../../activities/participant/branch-connection';
import { Gate } from '../support/orders';
import { entombed, faulty, order, takenOnce, type Participant } from './participant-world';

/** The promises of one participant's branches, as checks that any code can be held against. */

const o1 = [{ orderId: 'o-1' }];
const lost = Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST' });

export async function aTombstoneKeepsAPrepareOut(p: Participant): Promise<void> {
  await p.product.rollbackStock(o1);
  expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'cancelled' }]);
  expect(await p.books()).toEqual(entombed);
}

export async function rollsBackAsOftenAsAsked(p: Participant): Promise<void> {
  await p.product.prepareStock([order('o-1')]);
  for (let i = 0; i < 3; i += 1) {
    expect(await p.product.rollbackStock(o1)).toEqual([{ kind: 'rolled-back' }]);
    expect(await p.books()).toEqual(entombed);
  }
  expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'cancelled' }]);
  expect(await p.prepared('o-1')).toBe(false);
  expect(await p.books()).toEqual(entombed);
}

export async function anEndAgainstTheDecisionIsNoSuccess(p: Participant): Promise<void> {
  await p.product.prepareStock([order('o-1')]);
  await p.product.rollbackStock(o1);
  expect(await p.product.commitStock(o1)).toEqual([{ kind: 'heuristic', was: 'rolled-back' }]);
  await p.product.prepareStock([order('o-2')]);
  await p.product.commitStock([{ orderId: 'o-2' }]);
  expect(await p.product.rollbackStock([{ orderId: 'o-2' }])).toEqual([
    { kind: 'heuristic', was: 'committed' },
  ]);
}

export const ends = [
  ['commit', /^XA COMMIT/, 'committed', takenOnce],
  ['rollback', /^XA ROLLBACK/, 'rolled-back', entombed],
] as const;

/** Steps whose first statement like this is lost, after or before its execution. */
export function losing(p: Participant, statement: RegExp, when: 'executed' | 'never executed') {
  const counts = { losses: 0, later: 0 };
  const recovery = faulty(p.xa.recovery, statement, async (run) => {
    if (counts.losses > 0) {
      counts.later += 1;
      return run();
    }
    if (when === 'executed') await run();
    counts.losses += 1;
    throw lost;
  });
  return { counts, steps: p.stepsWith({ recovery }) };
}

export async function anEndWhoseReplyIsLostIsSeen(
  p: Participant,
  which: 'commit' | 'rollback',
): Promise<void> {
  const [how, statement, kind, books] = ends[which === 'commit' ? 0 : 1];
  const { counts, steps } = losing(p, statement, 'executed');
  await steps.prepare([order('o-1')]);
  expect(await steps[how](o1)).toEqual([{ kind }]);
  expect(counts).toEqual({ losses: 1, later: 0 });
  expect(await p.prepared('o-1')).toBe(false);
  expect(await p.books()).toEqual(books);
  expect(await steps[how](o1)).toEqual([{ kind }]);
  expect(await p.books()).toEqual(books);
}

/** Both checks, of prepared branches and of the barrier row, with a hook after each. */
export function watched(p: Participant, behind: (look: number) => Promise<void>) {
  const looks: string[] = [];
  const seen = async <T>(what: string, look: () => Promise<T>): Promise<T> => {
    const found = await look();
    looks.push(what);
    await behind(looks.length);
    return found;
  };
  const recovery = faulty(p.xa.recovery, /^XA RECOVER/, (run) => seen('prepared', run));
  const pool = new Proxy(p.pool, {
    apply(target, _self, [table]: [string]) {
      const rows = target(table);
      if (table !== 'steps') return rows;
      const first = rows.first.bind(rows) as (column: string) => Knex.QueryBuilder;
      return Object.assign(rows, {
        first: (column: string) => seen('row', async () => (await first(column)) as unknown),
      });
    },
  });
  return { looks, steps: p.stepsWith({ recovery, pool }) };
}

export async function commitByHand(p: Participant): Promise<void> {
  await p.databases.product.raw(`XA COMMIT ${xidOf(p.xa.gtridOf('o-1'), 'product')}`);
}

/** A branch of a worker that freezes before it takes; woken, it prepares. */
export async function frozenBranch(p: Participant) {
  const frozen = new Gate();
  const waking = p
    .stepsWith({
      take: async (trx, commands) => {
        await frozen.pass();
        return p.takeStock(trx, commands);
      },
    })
    .prepare([order('o-1')]);
  await frozen.reached;
  return {
    wake() {
      frozen.open();
      return waking;
    },
  };
}

/** Somebody else commits between the very last two looks. */
export async function aCommitBetweenTheLastLooksIsSeen(p: Participant): Promise<void> {
  // Active until then, so that neither earlier check shows anything.
  const branch = await frozenBranch(p);
  const { steps } = watched(p, async (look) => {
    if (look !== 5) return;
    await branch.wake();
    await commitByHand(p);
  });
  expect(await steps.commit(o1)).toEqual([{ kind: 'committed' }]);
  expect(await p.books()).toEqual(takenOnce);
}
