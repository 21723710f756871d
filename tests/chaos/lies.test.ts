import { checkView, viewRules, type ViewRule } from '../../tools/chaos/check';
import type { FinalOrder } from '../../tools/chaos/final';
import type { Story } from '../../tools/chaos/view';
import * as given from './stories';
import { call, create, limits, moved, place, row, story } from './stories';

/** The checker must find every kind of false answer. */

function rulesBroken(stories: Story[], rows: FinalOrder[]): ViewRule[] {
  return checkView(stories, rows, limits).violations.map(({ rule }) => rule);
}

describe('finds a lie', () => {
  const lies: [ViewRule, string, Story[], FinalOrder[]][] = [
    ['lost-order', '201, and no such order', [story(create)], []],
    [
      'doubled-key',
      'one key, two orders',
      [story(create, call('create', 1_500, { ...given.created, orderId: 'o-2' }))],
      [given.createdRow],
    ],
    [
      'doubled-key',
      'the key is recorded for another order than answered',
      [story(create)],
      [{ ...given.createdRow, orderId: 'o-2' }],
    ],
    [
      'doubled-key',
      'one order for two keys',
      [story(create), { ...story(create), key: 'k-2' }],
      [given.createdRow, { ...given.createdRow, key: 'k-2' }],
    ],
    [
      'other-content',
      'another quantity',
      [story(create)],
      [{ ...given.createdRow, lines: [{ productId: 'p-1', quantity: 2, unitPrice: 8 }] }],
    ],
    [
      'other-content',
      'another customer',
      [story(create)],
      [{ ...given.createdRow, customerId: 'c-2' }],
    ],
    [
      'refused-yet-done',
      'every creation was refused, and the order exists',
      [story(call('create', 1_000, given.overloaded))],
      [given.createdRow],
    ],
    [
      'refused-yet-done',
      'the order is older than the only creation that was not refused',
      [story(call('create', 500, given.overloaded), call('create', 3_000, given.created))],
      [given.createdRow],
    ],
    [
      'refused-yet-done',
      'every placing was refused, and the order is COMPLETED',
      [story(create, call('place', 2_000, given.overloaded))],
      [row()],
    ],
    ['refused-yet-done', 'nobody placed it', [story(create)], [row()]],
    [
      'refused-yet-done',
      'cancelled by a customer who never requested it',
      [story(create, call('place', 2_000))],
      [{ ...given.cancelledRow, reason: 'cancelled-by-customer' }],
    ],
    ['refused-yet-done', 'an order that nobody asked for', [], [given.createdRow]],
    [
      'refused-yet-done',
      'a second order under a key',
      [story(create)],
      [{ ...given.createdRow, orderId: 'o-2' }, given.createdRow],
    ],
    [
      'answer-not-kept',
      'answered COMPLETED, is CANCELLED',
      [story(create, place)],
      [{ ...given.cancelledRow, reason: 'unavailable' }],
    ],
    [
      'answer-not-kept',
      'answered CANCELLED, is COMPLETED',
      [story(create, call('place', 2_000, given.noStock))],
      [row()],
    ],
    [
      'answer-not-kept',
      'answered COMPLETED, and later CANCELLED',
      [story(create, place, call('look', 3_000, { status: 200, orderStatus: 'CANCELLED' }))],
      [row()],
    ],
    [
      'answer-not-kept',
      'answered another reason',
      [story(create, call('place', 2_000, given.noStock))],
      [{ ...given.cancelledRow, reason: 'insufficient-points' }],
    ],
    [
      'answer-not-kept',
      'accepted, and never claimed',
      [story(create, call('place', 2_000, given.accepted))],
      [given.createdRow],
    ],
    [
      'answer-not-kept',
      'accepted, cancelled by its customer, and never claimed',
      [story(create, call('cancel', 1_900), call('place', 2_000, given.accepted))],
      [{ ...given.cancelledRow, reason: 'cancelled-by-customer', ownedMs: null }],
    ],
    [
      'answer-not-kept',
      'its cancel was accepted, and it is COMPLETED',
      [story(create, place, call('cancel', 1_950, given.accepted))],
      [row()],
    ],
    [
      'answer-not-kept',
      'its cancel came too late, and it is CANCELLED',
      [
        story(
          create,
          call('place', 2_000),
          call('cancel', 2_500, { status: 409, problem: 'already-completed' }),
        ),
      ],
      [{ ...given.cancelledRow, reason: 'unavailable' }],
    ],
    [
      'went-back',
      'COMPLETED, then PLACING',
      [story(create, place, call('look', 3_000, { ...given.accepted, status: 200 }))],
      [row()],
    ],
    [
      'effect-mismatch',
      'COMPLETED without stock',
      [story(create, place)],
      [row({ moved: moved({}, { 'c-1': 24 }) })],
    ],
    [
      'effect-mismatch',
      'COMPLETED and taken twice',
      [story(create, place)],
      [row({ moved: moved({ 'p-1': 6 }, { 'c-1': 24 }) })],
    ],
    [
      'effect-mismatch',
      'COMPLETED without points',
      [story(create, place)],
      [row({ moved: moved({ 'p-1': 3 }, {}) })],
    ],
    [
      'effect-mismatch',
      'COMPLETED with the points of another customer',
      [story(create, place)],
      [row({ moved: moved({ 'p-1': 3 }, { 'c-2': 24 }) })],
    ],
    [
      'effect-mismatch',
      'refused, and stock is taken',
      [story(create, call('place', 2_000, given.noStock))],
      [{ ...given.cancelledRow, moved: moved({ 'p-1': 3 }, {}) }],
    ],
    [
      'effect-mismatch',
      'refused, and more was given back than was taken',
      [story(create, call('place', 2_000, given.noStock))],
      [{ ...given.cancelledRow, moved: moved({}, { 'c-1': -24 }) }],
    ],
    [
      'effect-mismatch',
      'never placed, and points are taken',
      [story(create, call('place', 2_000, given.overloaded))],
      [{ ...given.createdRow, moved: moved({}, { 'c-1': 24 }) }],
    ],
    [
      'not-ended',
      'still PLACING',
      [story(create, call('place', 2_000))],
      [row({ status: 'PLACING', endedMs: null })],
    ],
    [
      'not-ended',
      'ended too late',
      [story(create, call('place', 2_000))],
      [row({ endedMs: limits.healedMs + 60_001 })],
    ],
    [
      'not-ended',
      'claimed after the faults, ended too late',
      [story(create, call('place', 50_000))],
      [row({ ownedMs: 50_020, endedMs: 110_021 })],
    ],
    [
      'not-ended',
      'finally adopted, ended too late',
      [story(create, call('place', 2_000))],
      [row({ adopted: true, ownedMs: 80_000, endedMs: limits.healedMs + 60_001 })],
    ],
    [
      'impossible-answer',
      'a created order is answered 404',
      [story(create, call('look', 3_000, { status: 404, problem: 'not-found' }))],
      [given.createdRow],
    ],
    [
      'impossible-answer',
      'accepted, without a place to look',
      [story(create, call('place', 2_000, { status: 202, orderStatus: 'PLACING' }))],
      [row()],
    ],
    [
      'impossible-answer',
      'unknown, without a place to look',
      [story(create, call('place', 2_000, { status: 503, problem: 'outcome-unknown' }))],
      [row()],
    ],
    [
      'impossible-answer',
      'an internal error',
      [story(create, call('place', 2_000, { status: 500, problem: 'internal' }))],
      [given.createdRow],
    ],
  ];
  test.each(lies)('%s: %s', (rule, _, stories, rows) => {
    expect(rulesBroken(stories, rows)).toContain(rule);
  });

  test('of every kind', () => {
    expect(new Set(lies.map(([rule]) => rule))).toEqual(new Set(Object.keys(viewRules)));
  });

  test('and only that lie', () => {
    const others = [1, 2, 3].map((n) => {
      const [key, orderId] = [`other-${n}`, `o-other-${n}`];
      const told = story(call('create', 1_000, { ...given.created, orderId }), place);
      return { told: { ...told, key }, row: row({ key, orderId }) };
    });
    const told = [...others.map((other) => other.told), story(create, place)];
    const rows = [...others.map((other) => other.row), row({ status: 'CANCELLED' })];
    const { violations } = checkView(told, rows, limits);
    expect(new Set(violations.map(({ orderId }) => orderId))).toEqual(new Set(['o-1']));
    expect(violations[0]).toEqual({
      rule: 'answer-not-kept',
      key: 'k-1',
      orderId: 'o-1',
      detail: 'place was answered 200 COMPLETED, and it is CANCELLED',
      calls: [create, place],
    });
  });
});
