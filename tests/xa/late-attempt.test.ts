import { createParticipant, order, takenOnce, type Participant } from './participant-world';

/** Concurrent attempts of one prepare: each may undo only its own branch. */

let participant: Participant;

beforeAll(async () => {
  participant = await createParticipant();
});

afterAll(() => participant.end());

beforeEach(() => participant.begin());

afterEach(() => participant.letGo());

it('an attempt whose XA START never reached the server leaves another’s prepared branch', async () => {
  expect(await participant.product.prepareStock([order('o-1')])).toEqual([{ kind: 'done' }]);
  let fired = 0;
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const openBranch = participant.openFaulty(/^XA START/, () => {
    fired += 1;
    return Promise.reject(refused);
  });
  const attempt = participant.stepsWith({ openBranch }).prepare([order('o-1')]);
  await expect(attempt).rejects.toThrow(/ECONNREFUSED/);
  expect(fired).toBe(1);
  expect(await participant.prepared('o-1')).toBe(true);
  const [outcome] = await participant.product.commitStock([{ orderId: 'o-1' }]);
  expect(outcome).toEqual({ kind: 'committed' });
  expect(await participant.books()).toEqual(takenOnce);
});
