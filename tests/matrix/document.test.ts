import { summaries } from '../../workflows/shared/summaries';
import { readFileSync } from 'node:fs';
import { services } from '../../contracts/participants';
import { declaredCells, protocols } from '../../tools/matrix/cells';
import { declaredReport, reportFiles } from '../../tools/matrix/declared-report';
import { markdownOf, readReport } from '../../tools/matrix/page';

/** A cell that was added, or changed, is open until `npm run matrix -- --open` has run it. */
it('tools/matrix/results.json has every declared cell, each run as it is declared now', () => {
  const { cells } = readReport();
  const bare = cells.map((cell) => ({ ...cell, ms: undefined, at: undefined }));
  expect(bare).toEqual(declaredReport());
});

it('has the duration of each cell that holds, and the time of its protocol’s run', () => {
  const { cells, runs } = readReport();
  const without = cells.filter(({ verdict, ms }) => (verdict === 'holds') !== (ms !== undefined));
  expect(without).toEqual([]);
  expect(runs.map(({ protocol }) => protocol).sort()).toEqual(Object.keys(protocols).sort());
});

it('docs/failure-matrix.md agrees with the JSON', () => {
  // Except its layout, which the formatter sets.
  const words = (text: string) => text.replace(/-{2,}/g, '-').split(/\s+/).join(' ').trim();
  const page = readFileSync(reportFiles.markdown, 'utf8');
  expect(words(page)).toBe(words(markdownOf(readReport())));
});

it('contains the steps of every pattern', () => {
  const without = Object.entries(protocols).filter(([, { steps }]) => steps.length === 0);
  expect(without).toEqual([]);
});

const reads = /^(find|read|aged|due|events|last)/;
/** Steps that the matrix names after their effect on the order. */
const reactions = services.map((service) => `${service}Reacts`);
/** They record recovery's state, and concern no order; see tests/recovery. */
const notes = ['noteLook', 'noteRecovery'];

it('contains every step that writes', () => {
  const steps = Object.keys(summaries);
  const writers = steps.filter(
    (step) => !reads.test(step) && ![...reactions, ...notes].includes(step),
  );
  expect(writers.length).toBeGreaterThan(25);
  const inMatrix = new Set(declaredCells().map(({ step }) => /^\w+/.exec(step.name)?.[0]));
  expect(writers.filter((step) => !inMatrix.has(step))).toEqual([]);
});
