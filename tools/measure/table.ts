import { participants } from '../../contracts/participants';
import { patternRows } from '../../contracts/patterns';
import { scenarios } from './orders';
import type { Row, WatchedRow } from './row';
import { irregularities } from './sightings';
import { groupBy, subjects } from './subjects';

/** A column of a table whose lines are groups of rows, such as the rounds of one measurement. */
type Column<R = Row> = [title: string, cell: (group: readonly R[]) => string];

/** A table with its title. */
export interface Section {
  title: string;
  /** Its heads, and then its lines. */
  cells: string[][];
}

const subject: Column = ['pattern', ([row]) => row?.subject ?? ''];
const load: Column = ['load', ([row]) => (row ? loadOf(row) : '')];

/** What both commands tell of speed and cost, beside a baseline of the same round. */
const speed = (rows: readonly Row[], baseline: string): Column[] => [
  ['orders/s', of((row) => row.ordersPerSecond, 1)],
  [`× ${baseline}`, (group) => ratioTo(baseline, rows, group)?.toFixed(2) ?? '-'],
  ['p50 ms', of((row) => row.latencyMs.p50, 0)],
  ['p99 ms', of((row) => row.latencyMs.p99, 0)],
  ['place p50', of((row) => row.placeMs.p50, 1)],
  ['transactions', of((row) => row.transactions, 2)],
  ['rows written', of((row) => row.rowsWritten, 1)],
  ['log fsyncs', of((row) => row.logFsyncs, 2)],
  ['actions', of(actionsOf, 2)],
  ['CPU ms', of((row) => row.cpuMs, 1)],
  ['load avg', of((row) => row.loadAverage, 1)],
];

const shed: Column = [
  'shed',
  (group) => String(group.reduce((sum, row) => sum + (row.shed ?? 0), 0)),
];

const safety: Column<WatchedRow>[] = [
  subject,
  ...participants.flatMap(({ label }, i): Column<WatchedRow>[] => [
    [`${label} locked p50`, of((row) => row.lockedMs[label].p50, 1)],
    // It is locked first, and so for the longest.
    ...(i === 0
      ? [['p99', of((row: WatchedRow) => row.lockedMs[label].p99, 1)] satisfies Column<WatchedRow>]
      : []),
  ]),
  ['caught half done', of(caughtPercent, 1, ' %')],
  ['for at least', ofCaught((row) => row.isolation.atLeastMs.p50)],
  ['at most', ofCaught((row) => row.isolation.atMostMs.p50)],
  ['snapshot every', of((row) => row.isolation.everyMs.p50, 1)],
  ['caught as', kindsOf],
];

const grown: Column[] = [
  ['rows read', of((row) => row.rowsRead, 1)],
  ['audit s', of((row) => row.auditSeconds, 1)],
];

/** The benchmark: the median of each variant and load, with its ratio to raw SQL. */
export function benchTable(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const isOpen = rows.some(({ rate }) => rate !== undefined);
  const isGrowth = rows.some(({ storedOrders }) => storedOrders !== undefined);
  const more = [...(isOpen ? [shed] : []), ...(isGrowth ? grown : [])];
  const columns = [subject, load, ...speed(rows, 'raw-sql'), ...more];
  return caption(rows) + layOut(cellsOf(columns, groupsOf(rows)));
}

/** The parts of the comparison, a scenario after the other. */
export function comparison(rows: readonly WatchedRow[]): Section[] {
  const names = [...new Set(rows.map(({ scenario }) => scenario))];
  return names.flatMap((name) => {
    const groups = groupsOf(rows.filter(({ scenario }) => scenario === name));
    const { title } = scenarios[name];
    const columns = [subject, ...speed(rows, 'lock')];
    return [
      { title, cells: cellsOf(columns, groups) },
      { title: `${title}, watched`, cells: cellsOf(safety, groups) },
    ];
  });
}

/** The comparison for a terminal. */
export function compareTable(rows: readonly WatchedRow[]): string {
  if (rows.length === 0) return 'Nothing of this is offered.\n';
  return comparison(rows)
    .map(({ title, cells }) => `\n${title}\n${layOut(cells)}`)
    .join('');
}

/** What must not be in a comparison, whatever the machine. */
export function complaintsAbout(row: WatchedRow): string[] {
  const { pattern, audit, failed, pending, isolation, statementsLost } = row;
  const moves = pattern && patternRows[pattern].moves;
  const complaints: [isWrong: boolean, what: string][] = [
    [audit !== 'clean', 'the audit was not clean.'],
    [failed > 0, `${failed} calls went wrong.`],
    [pending > 0, `${pending} orders had not ended when their callers gave up.`],
    [
      moves === 'with-order' && isolation.caught > 0,
      `${isolation.caught} orders were caught half done, which cannot be.`,
    ],
    [
      statementsLost > 0,
      `${statementsLost} statements were not heard; the locks' times are too short.`,
    ],
  ];
  return complaints
    .filter(([isWrong]) => isWrong)
    .map(([, what]) => `${row.subject}, ${row.scenario}: ${what}`);
}

/** The machine's speed wanders from round to round, so ratios are taken within each. */
export function ratioTo(
  baseline: string,
  rows: readonly Row[],
  group: readonly Row[],
): number | undefined {
  const ratios = group.flatMap((row) => {
    const base = rows.find(
      (other) =>
        other.subject === baseline &&
        other.round === row.round &&
        loadOf(other) === loadOf(row) &&
        other.ordersPerSecond > 0,
    );
    return base ? [row.ordersPerSecond / base.ordersPerSecond] : [];
  });
  return ratios.length > 0 ? median(ratios) : undefined;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function caption(rows: readonly Row[]): string {
  const rounds = Math.max(...rows.map(({ round }) => round));
  const how = rows.some(({ rate }) => rate !== undefined)
    ? 'Open loop: latency counts from when an order was due, answered or not.'
    : 'Closed loop: each caller begins its next order when its last has ended.';
  return (
    `Orders created and placed over HTTP, rounds: ${rounds}, medians. Costs are an order's.\n` +
    `${how} The load average is the machine's before each measurement.\n`
  );
}

function loadOf({ rate, callers, scenario, storedOrders }: Row): string {
  const own = rate === undefined ? `${callers} callers` : `${rate}/s`;
  const beside = storedOrders === undefined ? [] : [`${storedOrders} stored`];
  return [own, ...(scenario === 'plain' ? [] : [scenario]), ...beside].join(', ');
}

/** Rows of the same subject and load, in the order in which subjects are named. */
function groupsOf<R extends Row>(rows: readonly R[]): R[][] {
  const groups = groupBy(rows, (row) => `${row.subject} ${loadOf(row)}`);
  const rank = ([row]: R[]) => subjects.findIndex(({ name }) => name === row?.subject);
  return groups.sort((a, b) => rank(a) - rank(b));
}

function cellsOf<R>(columns: readonly Column<R>[], groups: readonly (readonly R[])[]): string[][] {
  return [
    columns.map(([title]) => title),
    ...groups.map((group) => columns.map(([, cell]) => cell(group))),
  ];
}

/** A table for a terminal. */
function layOut(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const text = lines.map((line) =>
    line.map((cell, i) =>
      i === 0 ? cell.padEnd(widths?.[i] ?? 0) : cell.padStart(widths?.[i] ?? 0),
    ),
  );
  return `${text.map((line) => line.join('  ')).join('\n')}\n`;
}

function of<R extends Row>(value: (row: R) => number, digits: number, unit = ''): Column<R>[1] {
  return (group) => `${median(group.map(value)).toFixed(digits)}${unit}`;
}

/** Of the rounds in which any order was caught: where none was, there is no time to tell. */
function ofCaught(value: (row: WatchedRow) => number): Column<WatchedRow>[1] {
  return (group) => {
    const caught = group.filter(({ isolation }) => isolation.caught > 0);
    return caught.length > 0 ? median(caught.map(value)).toFixed(0) : '-';
  };
}

/** Of the orders that were watched. */
function caughtPercent({ isolation }: WatchedRow): number {
  return (100 * isolation.caught) / Math.max(1, isolation.orders);
}

function actionsOf({ actions }: Row): number {
  return Object.values(actions).reduce((sum, n) => sum + n, 0);
}

function kindsOf(group: readonly WatchedRow[]): string {
  const counts = irregularities.flatMap((kind) => {
    const n = group.reduce((sum, { isolation }) => sum + (isolation.byKind[kind] ?? 0), 0);
    return n > 0 ? [`${kind} ${n}`] : [];
  });
  return counts.join(', ') || '-';
}
