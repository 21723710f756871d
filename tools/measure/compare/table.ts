import { participants } from '../../../contracts/participants';
import { patternRows } from '../../../contracts/patterns';
import { layOut, median, type Column } from '../bench/table';
import { scenarios } from '../bench/orders';
import type { Row } from './row';
import { irregularities } from './sightings';
import { subjects } from './subjects';

/** What a ratio is taken to, within the same round and scenario. */
const baseline = 'lock';

type Group = readonly Row[];

/** Both parts of the table begin with what is compared. */
const subject: Column<Row> = ['pattern', ([row]) => row?.subject ?? ''];

const speed = (rows: readonly Row[]): Column<Row>[] => [
  subject,
  ['orders/s', of((row) => row.ordersPerSecond, 1)],
  [`× ${baseline}`, (group) => toBaseline(rows, group)],
  ['p50 ms', of((row) => row.latencyMs.p50, 0)],
  ['p99 ms', of((row) => row.latencyMs.p99, 0)],
  ['transactions', of((row) => row.transactions, 2)],
  ['rows written', of((row) => row.rowsWritten, 1)],
  ['log fsyncs', of((row) => row.logFsyncs, 2)],
  ['actions', of(actionsOf, 2)],
  ['CPU ms', of((row) => row.cpuMs, 1)],
  ['load avg', of((row) => row.loadAverage, 1)],
];

const safety: Column<Row>[] = [
  subject,
  ...participants.flatMap(({ label }, i): Column<Row>[] => [
    [`${label} locked p50`, of((row) => row.lockedMs[label].p50, 1)],
    // It is locked first, and so for the longest.
    ...(i === 0 ? [['p99', of((row) => row.lockedMs[label].p99, 1)] satisfies Column<Row>] : []),
  ]),
  ['caught half done', of((row) => caughtPercent(row), 1, ' %')],
  ['for at least', ofCaught((row) => row.isolation.atLeastMs.p50)],
  ['at most', ofCaught((row) => row.isolation.atMostMs.p50)],
  ['snapshot every', of((row) => row.isolation.everyMs.p50, 1)],
  ['caught as', (group) => kindsOf(group)],
];

export interface Section {
  title: string;
  columns: Column<Row>[];
  groups: Row[][];
}

/** The parts of the table, a scenario after the other. */
export function sectionsOf(rows: readonly Row[]): Section[] {
  const names = [...new Set(rows.map(({ scenario }) => scenario))];
  return names.flatMap((name) => {
    const groups = groupsOf(rows.filter(({ scenario }) => scenario === name));
    const title = titleOf(name);
    return [
      { title, columns: speed(rows), groups },
      { title: `${title}, watched`, columns: safety, groups },
    ];
  });
}

/** The comparison for a terminal. */
export function tableOf(rows: readonly Row[]): string {
  if (rows.length === 0) return 'Nothing of this is offered.\n';
  return sectionsOf(rows)
    .map(({ title, columns, groups }) => `\n${title}\n${layOut(columns, groups)}`)
    .join('');
}

/** What must not be, whatever the machine. */
export function complaintsAbout(row: Row): string[] {
  const { subject: name, scenario, audit, failed, pending, isolation, statementsLost } = row;
  const where = `${name}, ${scenario}:`;
  return [
    ...(audit === 'clean' ? [] : [`${where} the audit was not clean.`]),
    ...(failed > 0 ? [`${where} ${failed} calls went wrong.`] : []),
    ...(pending > 0
      ? [`${where} ${pending} orders had not ended when their callers gave up.`]
      : []),
    ...(patternRows[row.pattern].moves === 'with-order' && isolation.caught > 0
      ? [`${where} ${isolation.caught} orders were caught half done, which cannot be.`]
      : []),
    ...(statementsLost > 0
      ? [`${where} ${statementsLost} statements were not heard; the locks' times are too short.`]
      : []),
  ];
}

/** Of the orders that were watched. */
export function caughtPercent({ isolation }: Row): number {
  return (100 * isolation.caught) / Math.max(1, isolation.orders);
}

export function actionsOf({ actions }: Row): number {
  return Object.values(actions).reduce((sum, n) => sum + n, 0);
}

/** The rounds of each subject and scenario, in the order in which the patterns are named. */
export function groupsOf(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.subject} ${row.scenario}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const rank = ([row]: Group) => subjects.findIndex(({ name }) => name === row?.subject);
  return [...groups.values()].sort((a, b) => rank(a) - rank(b));
}

function titleOf(name: string): string {
  const scenario = scenarios[name];
  if (scenario?.hot) return 'Every order wants the same product';
  if (scenario && scenario.failedPercent > 0) {
    return `${scenario.failedPercent} % of the orders cannot succeed`;
  }
  return 'Orders that succeed';
}

function of(value: (row: Row) => number, digits: number, unit = ''): Column<Row>[1] {
  return (group) => `${median(group.map(value)).toFixed(digits)}${unit}`;
}

/** Of the rounds in which any order was caught: where none was, there is no time to tell. */
function ofCaught(value: (row: Row) => number): Column<Row>[1] {
  return (group) => {
    const caught = group.filter(({ isolation }) => isolation.caught > 0);
    return caught.length > 0 ? median(caught.map(value)).toFixed(0) : '-';
  };
}

/** The machine's speed wanders from round to round, so ratios are taken within each. */
function toBaseline(rows: readonly Row[], group: Group): string {
  const ratios = group.flatMap((row) => {
    const base = rows.find(
      (other) =>
        other.subject === baseline &&
        other.scenario === row.scenario &&
        other.round === row.round &&
        other.ordersPerSecond > 0,
    );
    return base ? [row.ordersPerSecond / base.ordersPerSecond] : [];
  });
  return ratios.length > 0 ? median(ratios).toFixed(2) : '-';
}

function kindsOf(group: Group): string {
  const counts = irregularities.flatMap((kind) => {
    const n = group.reduce((sum, { isolation }) => sum + (isolation.byKind[kind] ?? 0), 0);
    return n > 0 ? [`${kind} ${n}`] : [];
  });
  return counts.join(', ') || '-';
}
