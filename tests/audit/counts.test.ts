import type { Pattern } from '../../contracts/order';
import { toText } from '../../audit/report';
import { createWorld, type World } from './world';

/** A rule counts what it has judged. A rule that has judged nothing is not proved. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.end());

const balances = {
  'stock-balance': 2,
  'points-balance': 2,
  'balance-missing': 4,
  'negative-balance': 4,
  'reserved-by-orders': 4,
};

async function checked() {
  const report = await world.audit();
  expect(report.violations).toEqual([]);
  return report.checked;
}

test('without orders, judges only the balances', async () => {
  expect(await checked()).toEqual({ ...balances, 'reserved-at-rest': 4 });
});

test('in an empty world, judges nothing', async () => {
  await world.databases.empty();
  expect(await checked()).toEqual({});
});

const ofEvery = { 'order-total': 1 };
const ofCreated = {
  ...ofEvery,
  'order-decision': 1,
  'reservation-left-open': 1,
  'registry-row-left-open': 1,
};
const ofEnded = { ...ofCreated, 'points-of-customer': 1, 'stock-barrier': 1, 'points-barrier': 1 };
const ofUnfinished = {
  ...ofEvery,
  'stock-all-or-none': 1,
  'points-all-or-none': 1,
  'given-back-after-cancel': 1,
  'points-of-customer': 1,
  'stuck-order': 1,
  overdue: 1,
};
const barriers = { 'stock-barrier': 1, 'points-barrier': 1 };
const atRest = { 'reserved-at-rest': 4 };

test('a CREATED order', async () => {
  await world.order({ orderId: 'o', status: 'CREATED' });
  expect(await checked()).toEqual({ ...balances, ...atRest, ...ofCreated, 'created-untouched': 1 });
});

test('a COMPLETED order of the saga', async () => {
  await world.order({ orderId: 'o', status: 'COMPLETED' });
  await world.take('o');
  expect(await checked()).toEqual({
    ...balances,
    ...atRest,
    ...ofEnded,
    'stock-taken-once': 1,
    'points-taken-once': 1,
    'row-without-order': 1,
  });
});

test('an order that was cancelled before its claim', async () => {
  await world.order({ orderId: 'o', status: 'CANCELLED', claimed: false });
  expect(await checked()).toEqual({
    ...balances,
    ...atRest,
    ...ofEnded,
    'stock-given-back': 1,
    'points-given-back': 1,
    'stock-all-or-none': 1,
    'points-all-or-none': 1,
  });
});

const ofPattern: [Pattern, object][] = [
  ['saga', barriers],
  ['choreography', barriers],
  ['tcc', { ...barriers, 'confirmed-after-complete': 1 }],
  ['lock', { 'lock-in-one': 1 }],
  ['xa', barriers],
];

test.each(ofPattern)('an unfinished, undecided order of %s', async (pattern, more) => {
  await world.order({ orderId: 'o', status: 'PLACING', pattern, owner: 'w-1' });
  world.open.add('w-1');
  expect(await checked()).toEqual({ ...balances, ...ofUnfinished, ...more });
});

test('judges an unfinished, decided order of xa by its branches too', async () => {
  const order = { orderId: 'o', status: 'PLACING', pattern: 'xa', owner: 'w-1' } as const;
  await world.order({ ...order, decision: 'CANCEL' });
  world.open.add('w-1');
  expect(await checked()).toEqual({
    ...balances,
    ...ofUnfinished,
    ...barriers,
    'heuristic-outcome': 1,
  });
});

test('does not judge an order by a state that has changed since', async () => {
  const { order: orders } = world.databases;
  await world.order({ orderId: 'o', status: 'PLACING', owner: 'gone', ownedS: 300 });
  const report = await world.audit({
    afterOrdersRead: async () => {
      await orders('orders').where('order_id', 'o').update({ owner: 'adopter' });
    },
  });
  expect(report.inFlight).toEqual([{ orderId: 'o', waitsFor: 'another-look' }]);
  expect(report.checked['stuck-order']).toBeUndefined();
});

test('counts only the events of services that have emitted some', async () => {
  await world.order({ orderId: 'o', status: 'COMPLETED' });
  await world.take('o');
  const event = { event_id: 'o:StockDeducted:x', type: 'StockDeducted', order_id: 'o' } as const;
  await world.databases.product('outbox').insert({ ...event, payload: '{}', sent_at: new Date() });
  expect((await checked())['outbox-drained']).toBe(1);
});

test('does not report a rule that has judged nothing as proved', async () => {
  await world.order({ orderId: 'o', status: 'COMPLETED' });
  await world.take('o');
  const text = toText(await world.audit());
  expect(text).toMatch(/proved +1 +stock-taken-once/);
  for (const rule of ['branch-left-prepared', 'heuristic-outcome', 'lock-in-one', 'overdue']) {
    expect(text).not.toContain(rule);
  }
});
