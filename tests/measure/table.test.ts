import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTables } from '../../tools/measure/page';
import { spreadOf, watchedRowSchema, type WatchedRow } from '../../tools/measure/row';
import { byInstallation, subjects } from '../../tools/measure/subjects';
import {
  benchTable,
  compareTable,
  complaintsAbout,
  median,
  ratioTo,
} from '../../tools/measure/table';

/** The benchmark's and the comparison's tables. */

const root = join(__dirname, '..', '..');

function row(fields: Partial<WatchedRow> = {}): WatchedRow {
  return watchedRowSchema.parse({
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
    placeMs: { p50: 120, p99: 200 },
    transactions: 1.25,
    rowsWritten: 15,
    logFsyncs: 1,
    rowsRead: 40,
    temporalKbWritten: 1,
    cpuMs: 9,
    cpuMsByProcess: { api: 9 },
    actions: { starts: 1, activities: 3, timers: 0, signals: 0, updates: 0 },
    localActivities: 0,
    auditSeconds: 1,
    loadAverage: 2.5,
    audit: 'clean',
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
    ...fields,
  });
}

const clean = { ...row().isolation, caught: 0, byKind: {} };
const lock = (fields: Partial<WatchedRow> = {}) =>
  row({ subject: 'lock', pattern: 'lock', ordersPerSecond: 50, isolation: clean, ...fields });

test('the median is the middle value, or between the two middle values', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBe(0);
});

test('percentiles are values that occurred', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(spreadOf(hundred)).toEqual({ p50: 50, p99: 99 });
  expect(spreadOf([7])).toEqual({ p50: 7, p99: 7 });
  expect(spreadOf([])).toEqual({ p50: 0, p99: 0 });
});

test('a ratio is the median of the ratios of each round, under the same load', () => {
  const saga = [300, 100, 50].map((n, i) => row({ round: i + 1, ordersPerSecond: n }));
  const base = [100, 100, 100].map((n, i) => lock({ round: i + 1, ordersPerSecond: n }));
  expect(ratioTo('lock', [...saga, ...base], saga)).toBe(1);
  expect(ratioTo('lock', saga, saga)).toBeUndefined();
  expect(ratioTo('lock', [...saga, lock({ callers: 1 })], saga)).toBeUndefined();
  expect(ratioTo('lock', [...saga, lock({ scenario: 'hot' })], saga)).toBeUndefined();
});

describe('the benchmark’s table', () => {
  it('has a line for each variant and load, and what an open loop has shed', () => {
    expect(benchTable([row(), row({ scenario: 'hot' })])).toMatch(
      /\nsaga +16 callers +100\.0 .* 2\.5\nsaga +16 callers, hot +100\.0 .* 2\.5\n$/,
    );
    const open = row({ callers: 0, rate: 300, shed: 4 });
    expect(benchTable([open])).toMatch(/Open loop.*load avg +shed\nsaga +300\/s +100\.0 .* 4\n$/s);
    expect(benchTable([])).toBe('');
  });

  it('has a line for each number of stored orders, with rows read and the audit’s time', () => {
    const rows = [1_000, 100_000].map((storedOrders, i) =>
      row({ storedOrders, rowsRead: 40 + i, auditSeconds: 0.5 + i }),
    );
    expect(benchTable(rows)).toMatch(
      /load avg +rows read +audit s\nsaga +16 callers, 1000 stored .* 40\.0 +0\.5\nsaga +16 callers, 100000 stored .* 41\.0 +1\.5\n$/,
    );
  });
});

describe('the comparison’s tables', () => {
  it('have a line for each pattern, in the order in which patterns are named', () => {
    const text = compareTable([row(), lock()]);
    expect(text).toMatch(/Orders that succeed\npattern +orders\/s +× lock .*\nlock +50\.0 +1\.00/);
    expect(text).toMatch(
      /\nsaga +100\.0 +2\.00 +150 +300 +120\.0 +1\.25 +15\.0 +1\.00 +4\.00 +9\.0 +2\.5\n/,
    );
    expect(text).toMatch(
      /\nsaga +12\.0 +30\.0 +8\.0 +25\.0 % +5 +15 +4\.0 +stock alone 20, not ma/,
    );
    expect(text).toMatch(/\nlock +12\.0 +30\.0 +8\.0 +0\.0 % +- +- +4\.0 +-\n/);
    expect(compareTable([])).toMatch(/Nothing of this/);
  });

  it('show the medians of the rounds, and ratios within a round and scenario', () => {
    const rows = [100, 10, 30].map((n, i) => row({ round: i + 1, ordersPerSecond: n }));
    const base = [100, 2, 15].map((n, i) => lock({ round: i + 1, ordersPerSecond: n }));
    const hot = lock({ round: 3, scenario: 'hot', ordersPerSecond: 1 });
    const text = compareTable([...rows, ...base, hot]);
    expect(text).toMatch(/\nsaga +30\.0 +2\.00 /);
    expect(text).toMatch(/same product\n.*\nlock +1\.0 +1\.00 /);
    expect(compareTable([row()])).toMatch(/\nsaga +100\.0 +- /);
  });
});

test('reports what must not be', () => {
  expect(complaintsAbout(row())).toEqual([]);
  expect(complaintsAbout(lock())).toEqual([]);
  expect(complaintsAbout(lock({ isolation: { ...clean, caught: 1 } }))).toHaveLength(1);
  const bad = row({ audit: 'not clean', failed: 1, pending: 2, statementsLost: 3 });
  expect(complaintsAbout(bad)).toHaveLength(4);
});

test('replaces only the figures between the page’s markers, repeatedly', () => {
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

test('subjects with the same settings share their processes', () => {
  const groups = byInstallation(subjects).map((group) => group.map(({ name }) => name));
  expect(groups).toEqual([
    ['raw-sql'],
    ['lock', 'xa', 'tcc', 'saga', 'choreography'],
    ['saga-alone'],
    ['saga-local'],
  ]);
});
