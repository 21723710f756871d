import {
  createParticipant,
  order,
  takenOnce,
  untouched,
  type Participant,
} from './participant-world';
import {
  aCommitBetweenTheLastLooksIsSeen,
  anEndWhoseReplyIsLostIsSeen,
  commitByHand,
  ends,
  losing,
  watched,
} from './promises';

/** The end of a prepared branch if the reply is lost, or if another worker ends it. */

let p: Participant;

beforeAll(async () => {
  p = await createParticipant();
});

afterAll(() => p.end());

beforeEach(() => p.begin());

afterEach(() => p.letGo());

const o1 = [{ orderId: 'o-1' }];

describe.each(ends)('a %s', (how, statement, kind, books) => {
  it('that succeeded without a reply is recognised as done', () =>
    anEndWhoseReplyIsLostIsSeen(p, how));

  it('that never reached the server leaves the branch prepared, and is retried', async () => {
    const { counts, steps } = losing(p, statement, 'never executed');
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
  it('is not heuristic, because the branch that was seen prepared is found in the books', async () => {
    await p.product.prepareStock([order('o-1')]);
    const { looks, steps } = watched(p, async (look) => {
      if (look === 1) await commitByHand(p);
    });
    expect(await steps.commit(o1)).toEqual([{ kind: 'committed' }]);
    expect(looks).toEqual(['prepared', 'prepared', 'row']);
    expect(await p.books()).toEqual(takenOnce);
  });

  it('is not heuristic between the last two checks either', () =>
    aCommitBetweenTheLastLooksIsSeen(p));
});
