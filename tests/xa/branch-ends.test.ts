import type { Knex } from 'knex';
import { Gate } from '../support/orders';
import { xidOf } from '../../activities/participant/branch-connection';
import {
  createParticipant,
  takeStock,
  entombed,
  faulty,
  order,
  takenOnce,
  untouched,
  type Participant,
} from './participant-world';

/** The end of a prepared branch if the reply is lost, or if another worker ends it. */

let p: Participant;

beforeAll(async () => {
  p = await createParticipant();
});

afterAll(() => p.end());

beforeEach(() => p.begin());

afterEach(() => p.letGo());

const lost = Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST' });
const o1 = [{ orderId: 'o-1' }];

/** Steps whose first statement like this is lost, after or before its execution. */
function losing(statement: RegExp, when: 'executed' | 'never executed') {
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

const ends = [
  ['commit', /^XA COMMIT/, 'committed', takenOnce],
  ['rollback', /^XA ROLLBACK/, 'rolled-back', entombed],
] as const;

describe.each(ends)('a %s', (how, statement, kind, books) => {
  it('that succeeded without a reply is recognised as done', async () => {
    const { counts, steps } = losing(statement, 'executed');
    await steps.prepare([order('o-1')]);
    expect(await steps[how](o1)).toEqual([{ kind }]);
    expect(counts).toEqual({ losses: 1, later: 0 });
    expect(await p.prepared('o-1')).toBe(false);
    expect(await p.books()).toEqual(books);
    expect(await steps[how](o1)).toEqual([{ kind }]);
    expect(await p.books()).toEqual(books);
  });

  it('that never reached the server leaves the branch prepared, and is retried', async () => {
    const { counts, steps } = losing(statement, 'never executed');
    await steps.prepare([order('o-1')]);
    await expect(steps[how](o1)).rejects.toMatchObject({ type: 'outcome-unknown' });
    expect(counts).toEqual({ losses: 1, later: 0 });
    expect(await p.prepared('o-1')).toBe(true);
    expect(await p.books()).toEqual(untouched);
    expect(await steps[how](o1)).toEqual([{ kind }]);
    expect(counts).toEqual({ losses: 1, later: 1 });
    expect(await p.books()).toEqual(books);
  });
});

describe('a commit by another worker between two checks', () => {
  /** Both checks, of prepared branches and of the barrier row, with a hook after each. */
  function watched(behind: (look: number) => Promise<void>) {
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

  const commitByHand = () =>
    p.databases.product.raw(`XA COMMIT ${xidOf(p.xa.gtridOf('o-1'), 'product')}`);

  it('is not heuristic, because the branch that was seen prepared is found in the books', async () => {
    await p.product.prepareStock([order('o-1')]);
    const { looks, steps } = watched(async (look) => {
      if (look === 1) await commitByHand();
    });
    expect(await steps.commit(o1)).toEqual([{ kind: 'committed' }]);
    expect(looks).toEqual(['prepared', 'prepared', 'row']);
    expect(await p.books()).toEqual(takenOnce);
  });

  it('is not heuristic between the last two checks either', async () => {
    const frozen = new Gate();
    const waking = p
      .stepsWith({
        take: async (trx, commands) => {
          await frozen.pass();
          return takeStock(trx, commands);
        },
      })
      .prepare([order('o-1')]);
    await frozen.reached;
    // Active until then, so that neither earlier check shows anything.
    const { looks, steps } = watched(async (look) => {
      if (look !== 5) return;
      frozen.open();
      await waking;
      await commitByHand();
    });
    expect(await steps.commit(o1)).toEqual([{ kind: 'committed' }]);
    expect(looks).toEqual(['prepared', 'row', 'prepared', 'row', 'prepared', 'row']);
    expect(await p.books()).toEqual(takenOnce);
  });
});
