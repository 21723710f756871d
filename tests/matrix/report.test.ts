import type { ReportedCell } from '../../tools/matrix/declared-report';
import type { Report } from '../../tools/matrix/page';
import { mergeReport } from '../../tools/matrix/merge-report';
import type { RunResult } from '../../tools/matrix/run';
import { tallyOf } from '../../tools/matrix/tally';

/** The document after runs of a part of the matrix. */

const fault = 'fails, before its effect';
const holds: ReportedCell = {
  protocol: 'lock',
  step: 'claim',
  fault,
  scenario: 'placed',
  promised: ['COMPLETED'],
  verdict: 'holds',
};
const other: ReportedCell = { ...holds, step: 'adoptOrder' };
const never: ReportedCell = {
  ...holds,
  step: 'x',
  promised: [],
  verdict: 'inapplicable',
  why: '–',
};
const declared = [holds, other, never];
const run = { protocol: 'lock', at: '2026-01-01T00:00:00.000Z', seconds: 9, cells: 2 } as const;
const before: Report = {
  runs: [run],
  cells: [{ ...holds, ms: 100 }, { ...other, ms: 200 }, never],
};

function result(step: string, ok: boolean): RunResult {
  const run = { fault, ok, begunAt: Date.UTC(2026, 1, 2), ms: 1_000 };
  return { protocol: 'lock', service: 'order', step, ...run };
}

test('stays the same if nothing was run', () => {
  expect(mergeReport(before, declared, [])).toEqual(before);
});

test('gives a cell that was run alone its own figures, and keeps the others’', () => {
  const { cells, runs } = mergeReport(before, declared, [result('claim', true)]);
  expect(cells).toEqual([
    { ...holds, ms: 1_000, at: '2026-02-02T00:00:01.000Z' },
    { ...other, ms: 200 },
    never,
  ]);
  expect(runs).toEqual([run]);
});

test('opens a cell that failed, whatever it was before', () => {
  const { cells } = mergeReport(before, declared, [result('claim', false)]);
  expect(cells[0]).toEqual({ ...holds, verdict: 'open' });
});

test('keeps a cell that is new, or has a new promise, open until it is run', () => {
  const added: ReportedCell = { ...holds, step: 'added' };
  const changed: ReportedCell = { ...holds, promised: ['CANCELLED, unavailable'] };
  const { cells } = mergeReport(before, [changed, added, other], []);
  expect(cells).toEqual([
    { ...changed, verdict: 'open' },
    { ...added, verdict: 'open' },
    { ...other, ms: 200 },
  ]);
});

test('records a run in which every cell held as the protocol’s, and keeps the one before', () => {
  const all = [result('claim', true), result('adoptOrder', true)];
  const { cells, runs } = mergeReport(before, declared, all);
  expect(cells).toEqual([{ ...holds, ms: 1_000 }, { ...other, ms: 1_000 }, never]);
  expect(runs).toEqual([
    {
      protocol: 'lock',
      at: '2026-02-02T00:00:01.000Z',
      seconds: 1,
      cells: 2,
      before: { at: run.at, seconds: 9, cells: 2 },
    },
  ]);
});

test('counts for each pattern and service the cells that held, and all cells', () => {
  const saga: RunResult = { ...result('deductStock', true), protocol: 'saga', service: 'product' };
  expect(tallyOf([result('claim', true), result('adoptOrder', false), saga])).toBe(
    [
      '      order   product  point  all   ',
      'lock  1 of 2  0        0      1 of 2',
      'saga  0       1        0      1     ',
    ].join('\n'),
  );
});
