import { checkView } from '../../tools/chaos/check';
import type { FinalOrder } from '../../tools/chaos/final';
import type { Story } from '../../tools/chaos/view';
import * as given from './stories';
import { call, create, limits, place, row, story } from './stories';

/** The checker judges true answers; lies.test.ts has the false ones. */

describe('finds nothing wrong', () => {
  const truths: [string, Story, FinalOrder[]][] = [
    ['created and completed', story(create, place), [row()]],
    [
      'created by the first of two tries',
      story(call('create', 1_000), call('create', 1_500, given.created), place),
      [row()],
    ],
    [
      'a creation without an answer that succeeded',
      story(call('create', 1_000)),
      [given.createdRow],
    ],
    ['a creation without an answer that failed', story(call('create', 1_000)), []],
    ['a refused creation', story(call('create', 1_000, given.overloaded)), []],
    ['a placing without an answer that succeeded', story(create, call('place', 2_000)), [row()]],
    [
      'a placing without an answer that failed',
      story(create, call('place', 2_000, given.nobodyKnows)),
      [given.createdRow],
    ],
    [
      'a refused placing',
      story(create, call('place', 2_000, given.overloaded)),
      [given.createdRow],
    ],
    ['no stock', story(create, call('place', 2_000, given.noStock)), [given.cancelledRow]],
    [
      'accepted, and completed in a poll',
      story(create, call('place', 2_000, given.accepted), call('look', 3_000, given.completed)),
      [row()],
    ],
    [
      'a poll that overlaps the end',
      story(create, place, call('look', 2_050, { ...given.accepted, status: 200 })),
      [row()],
    ],
    [
      'a cancel that came too late',
      story(create, place, call('cancel', 2_500, { status: 409, problem: 'already-completed' })),
      [row()],
    ],
    [
      'a cancel in time',
      story(
        create,
        call('cancel', 1_900, { status: 200, orderId: 'o-1', orderStatus: 'CANCELLED' }),
        call('place', 2_000, { ...given.noStock, reason: 'cancelled-by-customer' }),
      ),
      [{ ...given.cancelledRow, reason: 'cancelled-by-customer', ownedMs: null }],
    ],
    [
      'adopted after the faults, and ended a minute later',
      story(create, call('place', 2_000, given.accepted)),
      [row({ adopted: true, ownedMs: 60_000, endedMs: limits.healedMs + 60_000 })],
    ],
    [
      'the placing had no answer, and its customer came back an hour later',
      story(create, call('place', 2_000), call('place', 3_600_000, given.completed)),
      [row({ ownedMs: 3_600_010, endedMs: 3_600_090 })],
    ],
  ];
  test.each(truths)('%s', (_, told, rows) => {
    expect(checkView([told], rows, limits).violations).toEqual([]);
  });
});

test('counts the callers who learned the end, and measures the time', () => {
  const late = row({ key: 'k-2', orderId: 'o-2', endedMs: limits.healedMs + 7_500 });
  const unknown = story(
    call('create', 1_000, { ...given.created, orderId: 'o-2' }),
    call('place', 2_000),
  );
  const { violations, ...counts } = checkView(
    [story(create, place), { ...unknown, key: 'k-2' }],
    [row(), late],
    limits,
  );
  expect(violations).toEqual([]);
  expect(counts).toEqual({
    asked: 2,
    orders: 2,
    toldEnd: 1,
    longestToEndMs: 7_500,
  });
});
