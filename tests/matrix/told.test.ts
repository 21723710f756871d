import {
  isWholeTruth,
  lieOf,
  type Answer,
  type OrderRow,
  type Told,
} from '../../tools/matrix/told';

/** How the matrix judges true answers, and false ones of every kind. */

const orderId = 'o-1';
const location = `/orders/${orderId}`;
const created: OrderRow = { status: 'CREATED', reason: null, owner: null, decision: null };
const owned: OrderRow = { ...created, status: 'PLACING', owner: 'place-1' };
const completed: OrderRow = { ...owned, status: 'COMPLETED', decision: 'COMPLETE' };
const cancelled: OrderRow = {
  ...owned,
  status: 'CANCELLED',
  decision: 'CANCEL',
  reason: 'insufficient-stock',
};
const byCustomer: OrderRow = { ...cancelled, reason: 'cancelled-by-customer' };
const unclaimed: OrderRow = { ...byCustomer, owner: null };
const pending: OrderRow = { ...owned, status: 'PENDING', decision: 'COMPLETE' };

const ok = (status: string): Answer => ({ httpStatus: 200, status });
const accepted: Answer = { httpStatus: 202, status: 'PLACING', location };
const noStock: Answer = { httpStatus: 409, reason: 'insufficient-stock' };
const problem = (httpStatus: number, type: string, more: object = {}): Answer => ({
  httpStatus,
  type: `/problems/${type}`,
  ...more,
});
const unavailable = problem(503, 'unavailable');
const unknown = problem(503, 'outcome-unknown', { lookAt: location, location });

function told(op: Told['op'], answer: Answer | undefined, row = owned, later?: OrderRow): Told {
  return { op, orderId, row, ...(answer && { answer }), ...(later && { later }) };
}

const truths: [string, Told[], OrderRow][] = [
  ['COMPLETED, and the order is', [told('place', ok('COMPLETED'), completed)], completed],
  ['accepted, and owned', [told('place', accepted)], completed],
  [
    'refused for lack of stock, and the order is cancelled for that',
    [told('place', noStock, cancelled)],
    cancelled,
  ],
  [
    'nothing was done, and a later call completes the order',
    [told('place', unavailable, created)],
    completed,
  ],
  [
    'nothing was done, by a call after one without an answer',
    [told('place', undefined), told('place', unavailable, owned)],
    completed,
  ],
  ['nobody knows', [told('place', unknown, created)], created],
  ['cancelled before it was claimed', [told('place', unavailable, unclaimed)], unclaimed],
  [
    'its cancel is accepted, and CANCEL is decided',
    [told('cancel', accepted, byCustomer)],
    byCustomer,
  ],
  [
    'its cancel comes too late',
    [told('cancel', problem(409, 'already-completed'), pending)],
    completed,
  ],
  [
    'an operator’s resolution, and the order ends so',
    [told('resolve', ok('CANCELLED'), cancelled)],
    cancelled,
  ],
  [
    'an operator’s resolution is refused',
    [told('resolve', problem(409, 'resolution-unsafe'), pending)],
    completed,
  ],
  ['a parked event is released', [told('release', { httpStatus: 202 }, pending)], completed],
];

test.each(truths)('the truth: %s', (_, calls, end) => {
  expect(lieOf(calls, end)).toBeUndefined();
});

const lies: [string, RegExp, Told[], OrderRow][] = [
  ['COMPLETED, and the order is not', /not COMPLETED/, [told('place', ok('COMPLETED'))], cancelled],
  ['200, and its body says otherwise', /not ended so/, [told('place', ok('PLACING'))], completed],
  [
    'accepted, and the order has no owner',
    /nobody owns/,
    [told('place', accepted, created)],
    completed,
  ],
  [
    'accepted, without a place to look',
    /where to look/,
    [told('place', { ...accepted, location: null })],
    completed,
  ],
  [
    'accepted, and ended',
    /not a status/,
    [told('place', { ...accepted, status: 'COMPLETED' })],
    completed,
  ],
  ['another reason', /for that reason/, [told('place', noStock)], byCustomer],
  ['cancelled, and the order is COMPLETED', /for that reason/, [told('place', noStock)], completed],
  [
    'nothing was done, and the order is completed',
    /was done all the same/,
    [told('place', unavailable)],
    completed,
  ],
  [
    'overloaded, and the order was claimed a moment later',
    /was done all the same/,
    [told('place', problem(503, 'overloaded'), created, owned)],
    completed,
  ],
  [
    'unknown, without a place to look',
    /where to look/,
    [told('place', problem(503, 'outcome-unknown', { location }))],
    completed,
  ],
  ['an internal error', /never answered/, [told('place', problem(500, 'internal'))], completed],
  ['not known', /never answered/, [told('place', problem(404, 'not-found'))], completed],
  [
    'cancelled, and the order is not',
    /not CANCELLED/,
    [told('cancel', ok('CANCELLED'))],
    completed,
  ],
  [
    'its cancel is accepted, and the order is undecided',
    /decided CANCEL/,
    [told('cancel', accepted)],
    byCustomer,
  ],
  [
    'its cancel is refused as too late, and the order is undecided',
    /decided COMPLETE/,
    [told('cancel', problem(409, 'already-completed'))],
    byCustomer,
  ],
  [
    'its cancel is refused, and the order is cancelled by it',
    /was done all the same/,
    [told('cancel', unavailable, byCustomer)],
    byCustomer,
  ],
  [
    'an operator’s resolution was unsafe, and the decision was changed',
    /was changed/,
    [told('resolve', problem(409, 'resolution-unsafe'), cancelled)],
    cancelled,
  ],
  [
    'not PENDING, and the order is',
    /is PENDING/,
    [told('resolve', problem(409, 'not-pending'), pending)],
    pending,
  ],
  [
    'an operator’s resolution, and the order ends differently',
    /not ended so/,
    [told('resolve', ok('CANCELLED'))],
    completed,
  ],
  [
    'no parked event, and the order has one',
    /never answered/,
    [told('release', problem(404, 'not-found'))],
    pending,
  ],
];

test.each(lies)('a lie: %s', (_, symptom, calls, end) => {
  expect(lieOf(calls, end)).toMatch(symptom);
});

test('another caller may have claimed an order that this caller was refused', () => {
  expect(lieOf([told('place', unavailable)], completed, true)).toBeUndefined();
});

test.each<[Answer, OrderRow, boolean]>([
  [ok('COMPLETED'), completed, true],
  [accepted, completed, false],
  [unavailable, completed, false],
  [noStock, cancelled, true],
  [noStock, byCustomer, false],
  [{ ...accepted, status: 'PENDING' }, pending, true],
  [accepted, pending, false],
])('a last caller’s answer: %j for %j is the whole truth: %s', (answer, end, is) => {
  expect(isWholeTruth(answer, end)).toBe(is);
});
