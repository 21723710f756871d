import type { TestDatabases } from '../support/databases';
import { alarm, createParticipants, done, of, type Participants } from './participant-world';

/** What each participant answers to steps that come twice, late, at once or in the wrong order. */

let databases: TestDatabases;
let stock: Participants['stock'];
let points: Participants['points'];
let participants: Participants;

beforeAll(async () => {
  participants = await createParticipants();
  ({ databases, stock, points } = participants);
});

afterAll(() => participants.end());

beforeEach(() => participants.begin());

const cancelled = { kind: 'cancelled' };

it('reserves, and confirms the reservation, once', async () => {
  expect(await stock.tryStock([of('o-1')])).toEqual([done]);
  expect(await stock.tryStock([of('o-1')])).toEqual([done]);
  expect([await participants.shelf(), await participants.ledger()]).toEqual([['8+2', '4+1'], []]);
  expect(await stock.confirmStock([of('o-1')])).toEqual([done]);
  expect(await stock.confirmStock([of('o-1')])).toEqual([done]);
  expect(await participants.shelf()).toEqual(['8+0', '4+0']);
  expect(await participants.ledger()).toEqual(['o-1 deduct a -2', 'o-1 deduct b -1']);
});

it('cancels a reservation once, without a row in the ledger', async () => {
  await stock.tryStock([of('o-1')]);
  expect(await stock.cancelStock([of('o-1')])).toEqual([done]);
  expect(await stock.cancelStock([of('o-1')])).toEqual([done]);
  expect([await participants.shelf(), await participants.ledger()]).toEqual([['10+0', '5+0'], []]);
});

it('reserves nothing if one line is short, and answers a repeat the same', async () => {
  const short = of('o-1', { a: 1, b: 6 });
  const rejected = { kind: 'rejected', code: 'insufficient-stock' };
  expect(await stock.tryStock([short])).toEqual([rejected]);
  await databases.product('products').update({ available: 100, opening: 100 });
  expect(await stock.tryStock([short])).toEqual([rejected]);
  expect(await stock.cancelStock([short])).toEqual([done]);
  expect(await participants.shelf()).toEqual(['100+0', '100+0']);
});

it('an order cannot reserve what another has reserved', async () => {
  expect(await stock.tryStock([of('o-1', { b: 4 }), of('o-2', { b: 2 })])).toEqual([
    done,
    { kind: 'rejected', code: 'insufficient-stock' },
  ]);
});

it('refuses a try that comes after its cancel, whatever its content', async () => {
  expect(await stock.cancelStock([of('o-1')])).toEqual([done]);
  expect(await stock.tryStock([of('o-1')])).toEqual([cancelled]);
  expect(await stock.tryStock([of('o-1', { a: 9 })])).toEqual([cancelled]);
  expect(await participants.shelf()).toEqual(['10+0', '5+0']);
});

it('a confirm without a reservation raises an alarm, and still allows the try', async () => {
  expect(await stock.confirmStock([of('o-1')])).toEqual([alarm('confirm-without-reservation')]);
  expect(await databases.product('steps')).toEqual([]);
  expect(await stock.tryStock([of('o-1')])).toEqual([done]);
  const short = of('o-2', { b: 50 });
  await stock.tryStock([short]);
  expect(await stock.confirmStock([short])).toEqual([alarm('confirm-without-reservation')]);
  expect(await participants.shelf()).toEqual(['8+2', '4+1']);
});

it.each([
  ['of a tried reservation', () => stock.tryStock([of('o-1')])],
  ['that came before the try', () => Promise.resolve()],
])('a confirm after the cancel %s raises an alarm, every time', async (_what, begin) => {
  await begin();
  await stock.cancelStock([of('o-1')]);
  for (let i = 0; i < 2; i += 1) {
    expect(await stock.confirmStock([of('o-1')])).toEqual([alarm('confirm-after-cancel')]);
  }
  expect([await participants.shelf(), await participants.ledger()]).toEqual([['10+0', '5+0'], []]);
});

it('a cancel after the confirm is refused, every time', async () => {
  await stock.tryStock([of('o-1')]);
  await stock.confirmStock([of('o-1')]);
  for (let i = 0; i < 2; i += 1) {
    expect(await stock.cancelStock([of('o-1')])).toEqual([{ kind: 'refused' }]);
  }
  expect(await participants.shelf()).toEqual(['8+0', '4+0']);
});

it('the same order with different content is broken, in every step', async () => {
  const other = of('o-1', { a: 3 });
  await stock.tryStock([of('o-1')]);
  for (const step of [stock.tryStock, stock.confirmStock, stock.cancelStock]) {
    expect(await step([other])).toEqual([alarm('content-mismatch')]);
  }
  expect(await participants.shelf()).toEqual(['8+2', '4+1']);
});

it('one order’s alarm does not prevent the confirm of its neighbours', async () => {
  const good = [of('o-1'), of('o-3')];
  await stock.tryStock(good);
  await stock.cancelStock([of('o-0')]);
  expect(await stock.confirmStock([of('o-0'), ...good, of('o-9')])).toEqual([
    alarm('confirm-after-cancel'),
    done,
    done,
    alarm('confirm-without-reservation'),
  ]);
  expect(await participants.shelf()).toEqual(['6+0', '3+0']);
});

it('exactly one of a concurrent confirm and cancel wins', async () => {
  const outcomes = new Set<string>();
  for (let i = 0; i < 20; i += 1) {
    const order = of(`o-${String(i)}`, { a: 1 });
    await databases.stock({ a: { available: 10 } });
    await databases.product('stock_ledger').delete();
    await stock.tryStock([order]);
    // Alternates which of the two is sent first.
    const calls = [() => stock.confirmStock([order]), () => stock.cancelStock([order])];
    if (i % 2 === 1) calls.reverse();
    const answers = await Promise.all(calls.map((call) => call()));
    if (i % 2 === 1) answers.reverse();
    const [confirm, cancel] = answers.map((answer) => answer[0]);
    const won = confirm?.kind === 'done' ? 'confirm' : 'cancel';
    outcomes.add(won);
    if (won === 'confirm') expect(cancel).toEqual({ kind: 'refused' });
    else expect([confirm, cancel]).toEqual([alarm('confirm-after-cancel'), done]);
    expect((await participants.shelf())[0]).toBe(won === 'confirm' ? '9+0' : '10+0');
    expect(await participants.ledger()).toHaveLength(won === 'confirm' ? 1 : 0);
  }
  expect([...outcomes].sort()).toEqual(['cancel', 'confirm']);
});

it('points are reserved, confirmed and cancelled likewise', async () => {
  const order = { orderId: 'o-1', customerId: 'anna', points: 60 };
  const other = { orderId: 'o-2', customerId: 'anna', points: 60 };
  expect(await points.tryPoints([order, other])).toEqual([
    done,
    { kind: 'rejected', code: 'insufficient-points' },
  ]);
  expect(await points.confirmPoints([order])).toEqual([done]);
  expect(await points.cancelPoints([order, other])).toEqual([{ kind: 'refused' }, done]);
  expect(await databases.point('point_accounts').first()).toMatchObject({
    available: 40,
    reserved: 0,
  });
  expect(await databases.point('point_ledger')).toMatchObject([{ kind: 'use', points: -60 }]);
});
