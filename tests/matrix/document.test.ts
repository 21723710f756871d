import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { declaredCells, protocols } from '../../matrix/cells';
import { declaredReport, reportFiles } from '../../matrix/declared-report';
import { markdownOf, readReport } from '../../matrix/page';

/** The files are written only when every cell has held: a cell that is not there was never run. */
it('has every declared cell in docs/failure-matrix.json, with what is promised of it now', () => {
  const { cells } = readReport();
  expect(cells.map((cell) => ({ ...cell, ms: undefined }))).toEqual(declaredReport());
});

it('has what each cell that holds has taken, and when its protocol was run', () => {
  const { cells, runs } = readReport();
  const without = cells.filter(({ verdict, ms }) => (verdict === 'holds') !== (ms !== undefined));
  expect(without).toEqual([]);
  expect(runs.map(({ protocol }) => protocol).sort()).toEqual(Object.keys(protocols).sort());
});

it('says in docs/failure-matrix.md what is in the JSON', () => {
  // But for how it is laid out, which is the formatter's.
  const words = (text: string) => text.replace(/-{2,}/g, '-').split(/\s+/).join(' ').trim();
  const page = readFileSync(reportFiles.markdown, 'utf8');
  expect(words(page)).toBe(words(markdownOf(readReport())));
});

it('breaks the steps of every pattern', () => {
  const without = Object.entries(protocols).filter(([, { steps }]) => steps.length === 0);
  expect(without).toEqual([]);
});

/** Steps that write and are no part of the matrix, each with a test of what goes wrong in it. */
const elsewhere: Record<string, [file: string, test: string]> = {
  freezeStock: ['tcc/resolution-races', 'a sweep that confirms between the two freezes wins'],
  freezePoints: ['tcc/resolutions', 'does not cancel when a participant cannot be frozen'],
  thawStock: ['tcc/resolution-races', 'terminated with all frozen loses nothing'],
  thawPoints: ['tcc/resolutions', 'does not cancel what is confirmed in part'],
  overturnDecision: ['tcc/late-resolutions', 'a late attempt to change the decision'],
  openResolution: ['tcc/late-resolutions', 'a late attempt to open it'],
  closeResolution: ['tcc/resolution-cancel', 'it is on record, and loses nothing'],
  resolveHeld: ['tcc/sweep', 'raises an alert for what no order is known of'],
  resolveParked: ['choreography/poison', 'when it is released with nothing mended'],
};
const reads = /^(find|read|aged|due|events|last)/;
/** What the matrix calls by the name of what it does to the order. */
const reactions = ['orderReacts', 'productReacts', 'pointReacts'];

it('breaks every step that writes, or says where else it is broken', () => {
  const [, rows = ''] = source('workflows/summaries.ts').split('const summaries');
  const steps = [...(rows.split('\n};')[0] ?? '').matchAll(/^ {2}(\w+)(?:: |\()/gm)];
  const writers = steps
    .map(([, step = '']) => step)
    .filter((step) => !reads.test(step) && !reactions.includes(step));
  expect(writers.length).toBeGreaterThan(25);
  const inMatrix = new Set(declaredCells().map(({ step }) => /^\w+/.exec(step.name)?.[0]));
  const nowhere = writers.filter((step) => !inMatrix.has(step) && !(step in elsewhere));
  expect(nowhere).toEqual([]);
  const stale = Object.keys(elsewhere).filter(
    (step) => !writers.includes(step) || inMatrix.has(step),
  );
  expect(stale).toEqual([]);
  for (const [file, test] of Object.values(elsewhere)) {
    expect(source(`tests/${file}.test.ts`)).toContain(test);
  }
});

function source(file: string): string {
  return readFileSync(join(__dirname, '..', '..', file), 'utf8');
}
