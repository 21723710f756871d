import type { AuditReport } from './audit';
import { ruleIds, rules, type Violation } from './rules';

/** The report prints this many lines; `--json` contains all. */
const linesMax = 50;

const number = new Intl.NumberFormat('en');

/** The report as `--json` prints it. */
export function toJson({ clean, atRest, orders, violations }: AuditReport): string {
  return JSON.stringify({ clean, atRest, orders, violations });
}

/** The report as text: what was proved, what is wrong, what to do, and the verdict. */
export function toText(report: AuditReport): string {
  return [
    heading(report),
    ...provedTable(report),
    ...violationsTable(report),
    ...whatToDo(report),
    ...inFlightList(report),
    '',
    verdict(report),
  ].join('\n');
}

function heading({ orders, byStatus }: AuditReport): string {
  const counts = Object.entries(byStatus).map(([status, n]) => `${status} ${number.format(n)}`);
  return `${number.format(orders)} orders: ${counts.join(', ')}`;
}

/** Leaves out rules that judged nothing, because they proved nothing. */
function provedTable({ checked, violations }: AuditReport): string[] {
  const rows = ruleIds.flatMap((rule) => {
    const tried = checked[rule] ?? 0;
    const broken = violations.filter((violation) => violation.rule === rule).length;
    if (tried === 0 && broken === 0) return [];
    const state = broken === 0 ? 'proved' : `${number.format(broken)} wrong`;
    return [[state, number.format(tried), rule, rules[rule].sentence]];
  });
  return ['', ...table([['', 'checked', 'rule', ''], ...rows])];
}

function violationsTable({ violations, violationsTotal }: AuditReport): string[] {
  if (violations.length === 0) return [];
  const rows = violations
    .slice(0, linesMax)
    .map(({ rule, orderId, detail }) => [rule, orderId ?? '-', detail]);
  const more = violationsTotal - rows.length;
  return [
    '',
    'Violations',
    ...table([['rule', 'order', 'detail'], ...rows]),
    ...(more > 0 ? [`… and ${number.format(more)} more: see --json`] : []),
  ];
}

function whatToDo({ violations }: AuditReport): string[] {
  const broken = ruleIds.filter((rule) => violations.some((v: Violation) => v.rule === rule));
  if (broken.length === 0) return [];
  return ['', 'What to do', ...table(broken.map((rule) => [rule, rules[rule].remedy]))];
}

function inFlightList({ inFlight }: AuditReport): string[] {
  if (inFlight.length === 0) return [];
  const rows = inFlight.slice(0, linesMax).map(({ orderId, waitsFor }) => [orderId, waitsFor]);
  const more = inFlight.length - rows.length;
  return [
    '',
    'In flight',
    ...table([['order', 'waits for'], ...rows]),
    ...(more > 0 ? [`… and ${number.format(more)} more`] : []),
  ];
}

function verdict({ clean, atRest, violationsTotal, inFlight }: AuditReport): string {
  if (!clean) return `NOT CLEAN: violations: ${number.format(violationsTotal)}.`;
  if (atRest) return 'Clean and at rest: everything is proved.';
  return `Clean so far; in flight: ${number.format(inFlight.length)}. The rest is proved.`;
}

/** Columns as wide as their widest cell, the last one ragged. */
function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
