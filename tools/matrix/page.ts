import { existsSync, readFileSync } from 'node:fs';
import { patterns, type Pattern } from '../../contracts/order';
import { nameOf } from './cell';
import { declaredCells, protocols, type DeclaredCell } from './cells';
import { endText, promisesOf, reportFiles, type ReportedCell } from './declared-report';
import { faults } from './faults';
import { tuning, workflowTaskMsMax } from './tuning';
import type { Step } from './step';

/** What a cell takes unless its fault outlasts that by itself. */
const cellMsWanted = 5_000;

/** When all cells of a protocol held, and what they took from the first to the last. */
interface WholeRun {
  at: string;
  seconds: number;
  cells: number;
}

/** The last one, and the one before it. */
export interface ReportedRun extends WholeRun {
  protocol: Pattern;
  before?: WholeRun;
}

/** What the files say. */
export interface Report {
  runs: ReportedRun[];
  cells: ReportedCell[];
}

export function readReport(): Report {
  if (!existsSync(reportFiles.json)) return { runs: [], cells: [] };
  return JSON.parse(readFileSync(reportFiles.json, 'utf8')) as Report;
}

/** The page, before it is formatted. */
export function markdownOf(report: Report): string {
  const names = patterns.filter((name) => report.cells.some(({ protocol }) => protocol === name));
  return [heading, ...names.map((name) => protocolPart(name, report))].join('\n\n');
}

const heading = `# Failure matrix

Written by \`npm run matrix\`, which runs every cell on real processes and real servers, and notes
what it took when it held (✔). A cell that failed when it was last run, or that was added or changed
since, is open (?), which \`npm test\` refuses. A cell puts one fault into one step, at the place that
is named, and fails when the step never came to that place. It holds when every order of it has
ended as promised, every answer that its callers got was true when it was given, who asks again in
the end is told that end, the API says the same as the database, exactly
the orders that wait for an operator have an open alert, and the auditor finds nothing. After the last
cell nothing may be left of any: reserved, prepared, owed or on its way.

Every service's worker runs twice, each service has a MySQL server of its own (but for \`lock\`,
which needs one for all), and every way to a
database leads through a proxy that knows which transaction it carries. The limits are short:
${Object.entries(tuning)
  .map(([name, value]) => `\`${name}=${value}\``)
  .join(', ')}.
A workflow task that a dead worker was given is given to another after ${seconds(workflowTaskMsMax)}.

\`npm run matrix -- --protocol saga\` runs one protocol, \`-- --step restoreStock --fault killed\` a
part of it, \`-- --open\` what is open; whatever is run has its own figures here afterwards. \`npm run test:long\` runs a part in which each step and each fault is there at least once.`;

function protocolPart(protocol: Pattern, report: Report): string {
  const { steps } = protocols[protocol];
  const cells = declaredCells().filter((cell) => cell.protocol === protocol);
  const alone = steps.filter(({ scenario }) => scenario.orders.length === 1);
  const many = steps.filter(({ scenario }) => scenario.orders.length > 1);
  const own = report.cells.filter((cell) => cell.protocol === protocol);
  const count = (verdict: ReportedCell['verdict']) =>
    own.filter((cell) => cell.verdict === verdict).length;
  const open = count('open') > 0 ? ` ${String(count('open'))} are open.` : '';
  return [
    `## ${protocol}`,
    `${String(count('holds'))} cells hold; ${String(count('inapplicable'))} have nothing
     to run, for a reason given below.${open} ${timesOf(protocol, report)}`,
    `### One order\n\n${grid(own, alone)}`,
    ...(many.length > 0 ? [`### Among many\n\n${grid(own, many)}`] : []),
    `### What was promised\n\n${promises(cells, steps)}`,
    `### Nothing to run\n\n${reasons(cells)}`,
  ].join('\n\n');
}

/** What a cell took, and which faults take longer than a cell should. */
function timesOf(protocol: Pattern, { runs, cells }: Report): string {
  const run = runs.find((one) => one.protocol === protocol);
  const own = cells.flatMap(({ ms, ...cell }) =>
    cell.protocol === protocol && ms !== undefined ? [{ ...cell, ms }] : [],
  );
  const sorted = own.map(({ ms }) => ms).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (!run || median === undefined) return '';
  const long = own.filter(({ ms }) => ms > cellMsWanted);
  const byFault = faults
    .map((fault) => ({
      name: nameOf(fault),
      n: long.filter((c) => c.fault === nameOf(fault)).length,
    }))
    .filter(({ n }) => n > 0)
    .map(({ name, n }) => `${name}: ${String(n)}`);
  const since = own.filter(({ at }) => at !== undefined);
  const beside = since.length > 0 ? `; ${String(since.length)} were run by themselves since` : '';
  return `The ${String(run.cells)} of the whole run took ${(run.seconds / 60).toFixed(1)} min, until ${run.at}${beside}.
    A cell took ${seconds(median)} in the median, ${seconds(sorted.at(-1) ?? 0)} the longest. ${String(long.length)} took longer than
    ${seconds(cellMsWanted)}${long.length > 0 ? ` (${byFault.join('; ')})` : ''}.${beforeOf(run)}`;
}

function beforeOf({ before }: ReportedRun): string {
  if (!before) return '';
  const minutes = (before.seconds / 60).toFixed(1);
  return ` The time before they held as well: ${String(before.cells)} in ${minutes} min, until ${before.at}.`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

const marks: Record<ReportedCell['verdict'], string> = {
  holds: '✔',
  inapplicable: '–',
  open: '?',
};

/** A row a fault, a column a step. */
function grid(cells: readonly ReportedCell[], steps: Step[]): string {
  const columns = steps.map(({ name }) => `\`${name}\``);
  const rows = faults.map((fault) => {
    const verdicts = steps.map((step) => {
      const cell = cells.find((one) => one.step === step.name && one.fault === nameOf(fault));
      return marks[cell?.verdict ?? 'open'];
    });
    return `| ${nameOf(fault)} | ${verdicts.join(' | ')} |`;
  });
  return [
    `| fault | ${columns.join(' | ')} |`,
    `| --- | ${columns.map(() => ':-:').join(' | ')} |`,
    ...rows,
  ].join('\n');
}

/** The end that a step's scenario has anyway, and the faults that may decide another. */
function promises(cells: DeclaredCell[], steps: Step[]): string {
  const rows = steps.map((step) => {
    const own = cells.filter((cell) => cell.step === step && !cell.inapplicable);
    const plain = step.scenario.orders.find(({ kind }) => kind === step.subject);
    const usual = plain ? endText(plain.end) : '';
    const others = own
      .map((cell) => ({ fault: nameOf(cell.fault), ends: promisesOf(cell).join(' or ') }))
      .filter(({ ends }) => ends !== usual)
      .map(({ fault, ends }) => `${fault}: ${ends}`);
    return `| \`${step.name}\` | ${step.scenario.name} | ${usual} | ${others.join('; ')} |`;
  });
  return ['| step | scenario | ends | but |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function reasons(cells: DeclaredCell[]): string {
  const groups = new Map<string, string[]>();
  for (const { step, fault, inapplicable } of cells) {
    if (inapplicable === undefined) continue;
    const key = `| ${nameOf(fault)} | ${inapplicable} |`;
    groups.set(key, [...(groups.get(key) ?? []), `\`${step.name}\``]);
  }
  const rows = [...groups].map(([key, names]) => `${key} ${names.join(', ')} |`);
  return ['| fault | why | steps |', '| --- | --- | --- |', ...rows].join('\n');
}
