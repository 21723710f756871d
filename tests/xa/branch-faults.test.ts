import { Gate, until } from '../support/orders';
import {
  createParticipant,
  entombed,
  order,
  untouched,
  type Participant,
} from './participant-world';
import { frozenBranch } from './promises';

/** A branch whose worker freezes, whose session is lost, or whose replies never come. */

let p: Participant;

beforeAll(async () => {
  p = await createParticipant();
});

afterAll(() => p.end());

beforeEach(() => p.begin());

afterEach(async () => {
  // Well before the server would end an abandoned session.
  await until('no branch has left a session', async () => (await p.straySessions()) === 0, 5_000);
  await p.letGo();
});

const lost = Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST' });

it('a branch of a frozen worker delays the tombstone; after waking it prepares and is rolled back', async () => {
  const frozen = new Gate();
  const steps = p.stepsWith({
    take: async (trx, commands) => {
      const outcomes = await p.takeStock(trx, commands);
      await frozen.pass();
      return outcomes;
    },
  });
  const waking = steps.prepare([order('o-1')]);
  await frozen.reached;
  // The branch is active, so the server does not list it; meanwhile the order is cancelled.
  expect(await p.prepared('o-1')).toBe(false);
  await expect(p.product.rollbackStock([{ orderId: 'o-1' }])).rejects.toMatchObject({
    type: 'lock-timeout',
  });
  frozen.open();
  expect(await waking).toEqual([{ kind: 'done' }]);
  expect(await p.prepared('o-1')).toBe(true);
  expect(await p.product.rollbackStock([{ orderId: 'o-1' }])).toEqual([{ kind: 'rolled-back' }]);
  expect(await p.prepared('o-1')).toBe(false);
  expect(await p.books()).toEqual(entombed);
});

it('a retry of a frozen prepare waits for it, and begins no second branch', async () => {
  const branch = await frozenBranch(p);
  await expect(p.product.prepareStock([order('o-1')])).rejects.toMatchObject({
    type: 'branch-active',
  });
  expect(await branch.wake()).toEqual([{ kind: 'done' }]);
  expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'done' }]);
});

it('a session lost in the middle of a branch leaves nothing, inside or outside it', async () => {
  let killed = 0;
  const steps = p.stepsWith({
    take: async (trx, commands) => {
      await p.killSession(trx);
      killed += 1;
      return p.takeStock(trx, commands);
    },
  });
  await expect(steps.prepare([order('o-1')])).rejects.toMatchObject({ type: 'outcome-unknown' });
  expect(killed).toBe(1);
  expect(await p.prepared('o-1')).toBe(false);
  expect(await p.books()).toEqual(untouched);
  expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'done' }]);
});

it.each(['tell', 'wait'] as const)(
  'a locked row undoes the whole branch (%s)',
  async (whenHeld) => {
    const holder = await p.databases.product.transaction();
    await holder('products').where('product_id', 'apple').forUpdate();
    expect(await p.product.prepareStock([order('o-1')], whenHeld)).toEqual([{ kind: 'locked' }]);
    // The barrier row, which was written before the wait, is unlocked again.
    expect(
      await p.databases.product('steps').where('order_id', 'o-1').forUpdate().noWait(),
    ).toEqual([]);
    await holder.rollback();
    expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'done' }]);
  },
);

it('finds its branch among the prepared ones if the reply to XA PREPARE is lost', async () => {
  let losses = 0;
  const openBranch = p.openFaulty(/^XA PREPARE/, async (run) => {
    await run();
    losses += 1;
    throw lost;
  });
  expect(await p.stepsWith({ openBranch }).prepare([order('o-1')])).toEqual([{ kind: 'done' }]);
  expect(losses).toBe(1);
  expect(await p.prepared('o-1')).toBe(true);
});

it('begins again if XA PREPARE itself was lost', async () => {
  let losses = 0;
  const openBranch = p.openFaulty(/^XA PREPARE/, () => {
    losses += 1;
    return Promise.reject(lost);
  });
  await expect(p.stepsWith({ openBranch }).prepare([order('o-1')])).rejects.toMatchObject({
    type: 'branch-active',
  });
  expect(losses).toBe(1);
  expect(await p.prepared('o-1')).toBe(false);
  expect(await p.product.prepareStock([order('o-1')])).toEqual([{ kind: 'done' }]);
});
