import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTables } from '../../../tools/measure/compare/page';
import { rowSchema, spreadOf, type Row } from '../../../tools/measure/compare/row';
import { byInstallation, subjects } from '../../../tools/measure/compare/subjects';
import { complaintsAbout, tableOf } from '../../../tools/measure/compare/table';

/** What the comparison makes of its rows. */

const root = join(__dirname, '..', '..', '..');

function row(fields: Partial<Row> = {}): Row {
  return rowSchema.parse({
    subject: 'saga',
    pattern: 'saga',
    scenario: 'plain',
    round: 1,
    callers: 16,
    orders: 200,
    seconds: 2,
    ordersPerSecond: 100,
    completed: 200,
    cancelled: {},
    pending: 0,
    failed: 0,
    latencyMs: { p50: 150, p99: 300 },
    transactions: 1.25,
    rowsWritten: 15,
    logFsyncs: 1,
    cpuMs: 9,
    actions: { starts: 1, activities: 3, timers: 0, signals: 0, updates: 0 },
    localActivities: 0,
    lockedMs: {
      stock: { p50: 12, p99: 30 },
      points: { p50: 8, p99: 20 },
      any: { p50: 20, p99: 50 },
      orders: 200,
    },
    statementsLost: 0,
    isolation: {
      orders: 200,
      snapshots: 500,
      everyMs: { p50: 4, p99: 9 },
      caught: 50,
      byKind: { 'stock alone': 20, 'not marked': 40 },
      atLeastMs: { p50: 5, p99: 9 },
      atMostMs: { p50: 15, p99: 30 },
    },
    loadAverage: 2.5,
    audit: 'clean',
    ...fields,
  });
}

const clean = { ...row().isolation, caught: 0, byKind: {} };
const lock = (fields: Partial<Row> = {}) =>
  row({ subject: 'lock', pattern: 'lock', ordersPerSecond: 50, isolation: clean, ...fields });

test('each pattern is a line beside the baseline, in the order in which patterns are named', () => {
  const text = tableOf([row(), lock()]);
  expect(text).toMatch(/Orders that succeed\npattern +orders\/s +× lock .*\nlock +50\.0 +1\.00/);
  expect(text).toMatch(/\nsaga +100\.0 +2\.00 +150 +300 +1\.25 +15\.0 +1\.00 +4\.00 +9\.0 +2\.5\n/);
  expect(text).toMatch(/\nsaga +12\.0 +30\.0 +8\.0 +25\.0 % +5 +15 +4\.0 +stock alone 20, not ma/);
  expect(text).toMatch(/\nlock +12\.0 +30\.0 +8\.0 +0\.0 % +- +- +4\.0 +-\n/);
  expect(tableOf([])).toMatch(/Nothing of this/);
});

test('rounds are medians, and a ratio is taken within its round and scenario', () => {
  const rows = [
    row({ round: 1, ordersPerSecond: 100 }),
    lock({ round: 1, ordersPerSecond: 100 }),
    row({ round: 2, ordersPerSecond: 10 }),
    lock({ round: 2, ordersPerSecond: 2 }),
    row({ round: 3, ordersPerSecond: 30 }),
    lock({ round: 3, ordersPerSecond: 15 }),
    lock({ round: 3, scenario: 'hot', ordersPerSecond: 1 }),
  ];
  const text = tableOf(rows);
  expect(text).toMatch(/\nsaga +30\.0 +2\.00 /);
  expect(text).toMatch(/same product\n.*\nlock +1\.0 +1\.00 /);
  expect(tableOf([row()])).toMatch(/\nsaga +100\.0 +- /);
});

test('what must not be is complained about', () => {
  expect(complaintsAbout(row())).toEqual([]);
  expect(complaintsAbout(lock())).toEqual([]);
  expect(complaintsAbout(lock({ isolation: { ...clean, caught: 1 } }))).toHaveLength(1);
  const bad = row({ audit: 'not clean', failed: 1, pending: 2, statementsLost: 3 });
  expect(complaintsAbout(bad)).toHaveLength(4);
});

test('the page gets the figures between its markers, again and again, and nothing else', () => {
  const page = readFileSync(join(root, 'docs', 'comparison.md'), 'utf8');
  const once = withTables(page, [row(), lock(), row({ scenario: 'hot' })]);
  expect(once).toMatch(/\| saga \| 100\.0 \| 2\.00 \|/);
  expect(once).toMatch(/200 orders in each measurement, 16 callers, rounds: 1; load average 2\.5/);
  expect(withTables(once, [row(), lock(), row({ scenario: 'hot' })])).toBe(once);
  const outside = (text: string) =>
    text.replace(/<!-- compare:begin -->[^]*<!-- compare:end -->/, '');
  expect(outside(once)).toBe(outside(page));
  expect(() => withTables('no markers', [row()])).toThrow('compare:begin');
});

/** In a process of its own: jest cannot load the library, which is of modules only. */
const drawing = `
  const { svgOf } = require('./tools/measure/bench/plots');
  const { specOf } = require('./tools/measure/compare/plot');
  svgOf(specOf(JSON.parse(process.argv[1]))).then((svg) => process.stdout.write(svg));`;

test('the picture shows every pattern and scenario, and is drawn', () => {
  const rows = [row(), lock(), row({ scenario: 'hot' })];
  const loader = join(root, 'tools', 'stack', 'typescript.cjs');
  const args = ['--require', loader, '-e', drawing, JSON.stringify(rows)];
  const svg = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(svg).toMatch(/^<svg/);
  for (const word of ['saga', 'lock', 'hot', 'orders/s', 'caught half done']) {
    expect(svg).toContain(word);
  }
});

test('percentiles are of the values themselves', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(spreadOf(hundred)).toEqual({ p50: 50, p99: 99 });
  expect(spreadOf([7])).toEqual({ p50: 7, p99: 7 });
  expect(spreadOf([])).toEqual({ p50: 0, p99: 0 });
});

test('subjects with the same settings share their processes', () => {
  const groups = byInstallation(subjects).map((group) => group.map(({ name }) => name));
  expect(groups).toEqual([['lock', 'xa', 'tcc', 'saga', 'choreography'], ['saga-alone']]);
});
