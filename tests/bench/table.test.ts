import { rowSchema, type Row } from '../../tools/measure/bench/row';
import { growthTableOf, median, ratioToNaked, tableOf } from '../../tools/measure/bench/table';

/** What the benchmark makes of its rows. */

function row(fields: Partial<Row>): Row {
  return rowSchema.parse({
    variant: 'batched',
    round: 1,
    callers: 64,
    seconds: 3,
    ordersPerSecond: 100,
    p50Ms: 10,
    p95Ms: 20,
    p99Ms: 30,
    placeP50Ms: 5,
    cpuMsPerOrder: 2,
    cpuMsByProcess: { api: 2 },
    temporalActionsPerOrder: 1,
    databaseTransactionsPerOrder: 1,
    logFsyncsPerOrder: 1,
    rowsReadPerOrder: 40,
    temporalKbWrittenPerOrder: 1,
    failedPercent: 0,
    hot: false,
    orders: 300,
    audit: 'clean',
    ...fields,
  });
}

test('the median is the middle, or between the two middles', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBe(0);
});

test('a ratio is the median of the ratios of each round', () => {
  const batched = [300, 100, 50].map((n, i) => row({ round: i + 1, ordersPerSecond: n }));
  const naked = [100, 100, 100].map((n, i) =>
    row({ variant: 'naked', round: i + 1, ordersPerSecond: n }),
  );
  expect(ratioToNaked([...batched, ...naked], batched)).toBe(1);
  expect(ratioToNaked(batched, batched)).toBeUndefined();
  const other = row({ variant: 'naked', callers: 1 });
  expect(ratioToNaked([...batched, other], batched)).toBeUndefined();
});

test('rows that were recorded without a loop were of a closed one', () => {
  expect(row({}).loop).toBe('closed');
});

test('a table names its loads, and what an open loop has shed', () => {
  expect(tableOf([row({ loadAverage: 1.5 })])).toMatch(/batched +64 callers +100 .* 1\.5\n$/);
  const open = row({ loop: 'open', callers: 0, rate: 300, shed: 4 });
  expect(tableOf([open])).toMatch(/Open loop.*shed +load avg\nbatched +300\/s +100 .* 4 +0\.0\n$/s);
  expect(tableOf([])).toBe('');
});

test('growth is shown relative to the smallest size', () => {
  const rows = [
    row({ storedOrders: 1_000, auditSeconds: 0.5 }),
    row({ storedOrders: 100_000, p50Ms: 15, rowsReadPerOrder: 44, auditSeconds: 5 }),
  ];
  expect(growthTableOf(rows)).toMatch(
    /100000 +100 \(×1\.00\) +15\.0 \(×1\.50\) .*44\.0 \(×1\.10\) +5\.0 \(×10\.00\)/,
  );
});
