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
  ['COMPLETED, and it is', [told('place', ok('COMPLETED'), completed)], completed],
  ['accepted, and owned', [told('place', accepted)], completed],
  ['refused for want of stock, and it is', [told('place', noStock, cancelled)], cancelled],
  ['nothing was done, and then it was', [told('place', unavailable, created)], completed],
  [
    'nothing was done by a call that came after one without an answer',
    [told('place', undefined), told('place', unavailable, owned)],
    completed,
  ],
  ['nobody knows', [told('place', unknown, created)], created],
  ['cancelled before it was claimed', [told('place', unavailable, unclaimed)], unclaimed],
  ['its cancel is accepted, and decided', [told('cancel', accepted, byCustomer)], byCustomer],
  [
    'its cancel comes too late',
    [told('cancel', problem(409, 'already-completed'), pending)],
    completed,
  ],
  ['an operator’s, and it ends so', [told('resolve', ok('CANCELLED'), cancelled)], cancelled],
  [
    'an operator’s, who is refused',
    [told('resolve', problem(409, 'resolution-unsafe'), pending)],
    completed,
  ],
  ['a parked event is released', [told('release', { httpStatus: 202 }, pending)], completed],
];

test.each(truths)('the truth: %s', (_, calls, end) => {
  expect(lieOf(calls, end)).toBeUndefined();
});

const lies: [string, RegExp, Told[], OrderRow][] = [
  ['COMPLETED, and it is not', /not COMPLETED/, [told('place', ok('COMPLETED'))], cancelled],
  ['200, and its body says otherwise', /not ended so/, [told('place', ok('PLACING'))], completed],
  ['accepted, and nobody owns it', /nobody owns/, [told('place', accepted, created)], completed],
  [
    'accepted, and nowhere to look',
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
  ['cancelled, and it is COMPLETED', /for that reason/, [told('place', noStock)], completed],
  [
    'nothing was done, and it was',
    /was done all the same/,
    [told('place', unavailable)],
    completed,
  ],
  [
    'overloaded, and it was claimed a moment later',
    /was done all the same/,
    [told('place', problem(503, 'overloaded'), created, owned)],
    completed,
  ],
  [
    'nobody knows, and nowhere to look',
    /where to look/,
    [told('place', problem(503, 'outcome-unknown', { location }))],
    completed,
  ],
  ['a fault of its own', /never answered/, [told('place', problem(500, 'internal'))], completed],
  ['not known', /never answered/, [told('place', problem(404, 'not-found'))], completed],
  ['cancelled, and it is not', /not CANCELLED/, [told('cancel', ok('CANCELLED'))], completed],
  [
    'its cancel is accepted, and undecided',
    /decided CANCEL/,
    [told('cancel', accepted)],
    byCustomer,
  ],
  [
    'its cancel comes too late, and nothing is decided',
    /decided COMPLETE/,
    [told('cancel', problem(409, 'already-completed'))],
    byCustomer,
  ],
  [
    'its cancel was refused, and it is cancelled by it',
    /was done all the same/,
    [told('cancel', unavailable, byCustomer)],
    byCustomer,
  ],
  [
    'an operator’s was unsafe, and the decision was changed',
    /was changed/,
    [told('resolve', problem(409, 'resolution-unsafe'), cancelled)],
    cancelled,
  ],
  [
    'not PENDING, and it is',
    /is PENDING/,
    [told('resolve', problem(409, 'not-pending'), pending)],
    pending,
  ],
  [
    'an operator’s end, and it is another',
    /not ended so/,
    [told('resolve', ok('CANCELLED'))],
    completed,
  ],
  [
    'no parked event, and there is',
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
