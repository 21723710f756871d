import type { BacklogRow } from './backlog';
import type { Row } from './row';

/** A column of a table whose lines are groups of rows, such as the rounds of one measurement. */
export type Column<R = Row> = [title: string, cell: (group: readonly R[]) => string];

/** The median of each variant and load, with its ratio to naked of the same round. */
export function tableOf(rows: readonly Row[]): string {
  const [first] = rows;
  if (!first) return '';
  const columns: Column[] = [
    ['variant', ([row]) => row?.variant ?? ''],
    ['load', ([row]) => (row ? loadOf(row) : '')],
    ['orders/s', figure('ordersPerSecond', 0)],
    ['× naked', (group) => toNaked(rows, group)],
    ['p50 ms', figure('p50Ms', 0)],
    ['p99 ms', figure('p99Ms', 0)],
    ['place p50', figure('placeP50Ms', 1)],
    ['CPU ms', figure('cpuMsPerOrder', 2)],
    ['actions', figure('temporalActionsPerOrder', 2)],
    ...(rows.some(({ loop }) => loop === 'open') ? [shedColumn] : []),
    ['load avg', (group) => median(group.map((row) => row.loadAverage ?? 0)).toFixed(1)],
  ];
  return caption(rows) + layOut(columns, groupsOf(rows));
}

const shedColumn: Column = [
  'shed',
  (group) => String(group.reduce((sum, row) => sum + (row.shed ?? 0), 0)),
];

/** Each size beside the smallest of the same variant. */
export function growthTableOf(rows: readonly Row[]): string {
  const smallest = (row: Row) => rows.find(({ variant }) => variant === row.variant) ?? row;
  const beside = (value: (row: Row) => number, digits: number, [row]: readonly Row[]) => {
    if (!row) return '';
    const ratio = value(row) / Math.max(value(smallest(row)), Number.MIN_VALUE);
    return `${value(row).toFixed(digits)} (×${ratio.toFixed(2)})`;
  };
  const columns: Column[] = [
    ['variant', ([row]) => row?.variant ?? ''],
    ['stored orders', ([row]) => String(row?.storedOrders ?? 0)],
    ['orders/s', (group) => beside((row) => row.ordersPerSecond, 0, group)],
    ['p50 ms', (group) => beside((row) => row.p50Ms, 1, group)],
    ['p99 ms', (group) => beside((row) => row.p99Ms, 1, group)],
    ['rows read an order', (group) => beside((row) => row.rowsReadPerOrder, 1, group)],
    ['audit s', (group) => beside((row) => row.auditSeconds ?? 0, 1, group)],
    ['load avg', ([row]) => (row?.loadAverage ?? 0).toFixed(1)],
  ];
  const grouped = rows.map((row) => [row]);
  return `${caption(rows)}× is the ratio to the smallest.\n\n${layOut(columns, grouped)}`;
}

/** How fast a backlog drained, second by second. */
export function backlogTableOf(rows: readonly BacklogRow[]): string {
  return rows
    .map(
      (row) =>
        `${row.variant}: ${row.backlog} orders placed at once ended in ` +
        `${row.drainSeconds.toFixed(1)} s, ${row.ordersPerSecond} orders/s; turned away ` +
        `${row.turnedAway} times, not taken ${row.notTaken}; audit ${row.audit}; ` +
        `load average before ${row.loadAverage.toFixed(1)}\n` +
        `  ended in each second: ${row.endedBySecond.join(' ')}\n`,
    )
    .join('');
}

function caption(rows: readonly Row[]): string {
  const seconds = [...new Set(rows.map((row) => row.seconds ?? 0))].join(' or ');
  const rounds = Math.max(...rows.map(({ round }) => round));
  const open = rows.some(({ loop }) => loop === 'open');
  const how = open
    ? 'Open loop: latency counts from when an order was due, answered or not.'
    : 'Closed loop: each caller begins its next order when its last has ended.';
  return (
    `Orders created and placed over HTTP, ${seconds} s a measurement, rounds: ${rounds}, medians.\n` +
    `${how} CPU and actions are an order's; the load average is the machine's ` +
    `before the variant started.\n`
  );
}

function loadOf(row: Row): string {
  const load = row.loop === 'open' ? `${row.rate ?? 0}/s` : `${row.callers} callers`;
  const hot = row.hot ? `${load} hot` : load;
  return row.failedPercent > 0 ? `${hot}, ${row.failedPercent} % fail` : hot;
}

type Figure =
  | 'ordersPerSecond'
  | 'p50Ms'
  | 'p99Ms'
  | 'placeP50Ms'
  | 'cpuMsPerOrder'
  | 'temporalActionsPerOrder';

function figure(name: Figure, digits: number): Column[1] {
  return (group) => median(group.map((row) => row[name])).toFixed(digits);
}

/** A table for a terminal. */
export function layOut<R>(
  columns: readonly Column<R>[],
  groups: readonly (readonly R[])[],
): string {
  const lines = [
    columns.map(([title]) => title),
    ...groups.map((group) => columns.map(([, cell]) => cell(group))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const text = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))),
  );
  return `${text.map((line) => line.join('  ')).join('\n')}\n`;
}

/** Rows of the same variant, load and scenario, in the order in which they came. */
export function groupsOf(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.variant} ${loadOf(row)}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** The machine's speed wanders from round to round, so ratios are taken within each. */
export function ratioToNaked(rows: readonly Row[], group: readonly Row[]): number | undefined {
  const ratios = group.flatMap((row) => {
    const naked = rows.find(
      (other) =>
        other.variant === 'naked' && other.round === row.round && loadOf(other) === loadOf(row),
    );
    return naked ? [row.ordersPerSecond / naked.ordersPerSecond] : [];
  });
  return ratios.length > 0 ? median(ratios) : undefined;
}

function toNaked(rows: readonly Row[], group: readonly Row[]): string {
  return ratioToNaked(rows, group)?.toFixed(2) ?? '-';
}
