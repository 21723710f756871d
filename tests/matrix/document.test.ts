import { readFileSync } from 'node:fs';
import { protocols } from '../../matrix/cells';
import { declaredReport, reportFiles } from '../../matrix/declared-report';

/** The files are written only when every cell has held: a cell that is not there was never run. */
it('has every declared cell in docs/failure-matrix.json, with what is promised of it now', () => {
  const written = JSON.parse(readFileSync(reportFiles.json, 'utf8')) as unknown;
  expect(written).toEqual({ cells: declaredReport() });
});

it('has a column for every step in docs/failure-matrix.md', () => {
  const written = readFileSync(reportFiles.markdown, 'utf8');
  const missing = declaredReport().filter(({ step }) => !written.includes(`\`${step}\``));
  expect(missing).toEqual([]);
});

it('breaks the steps of every pattern', () => {
  const without = Object.entries(protocols).filter(([, { steps }]) => steps.length === 0);
  expect(without).toEqual([]);
});
