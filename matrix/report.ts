import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { nameOf, promisedEnds } from './cell';
import { declaredCells, protocols, type DeclaredCell } from './cells';
import { faults } from './faults';
import type { End } from './scenarios';
import { tuning } from './stack';
import type { Step } from './steps';

/** A cell as it is written down; `holds` only ever after the whole matrix was run and held. */
export interface ReportedCell {
  protocol: string;
  step: string;
  fault: string;
  scenario: string;
  /** How the order whose step it is was promised to end; empty where there is nothing to run. */
  promised: string[];
  verdict: 'holds' | 'inapplicable';
  why?: string;
}

const folder = join(__dirname, '..', 'docs');
export const reportFiles = {
  json: join(folder, 'failure-matrix.json'),
  markdown: join(folder, 'failure-matrix.md'),
};

/** What the files must say for the cells that are declared now. */
export function declaredReport(): ReportedCell[] {
  return declaredCells().map((cell) => ({
    protocol: cell.protocol,
    step: cell.step.name,
    fault: nameOf(cell.fault),
    scenario: cell.step.scenario.name,
    promised: cell.inapplicable ? [] : promisesOf(cell),
    verdict: cell.inapplicable ? 'inapplicable' : 'holds',
    ...(cell.inapplicable && { why: cell.inapplicable }),
  }));
}

/** Writes both files, after a run of everything that held; answers their paths. */
export async function writeReport(): Promise<string[]> {
  const cells = declaredReport();
  const json = await format(JSON.stringify({ cells }), { parser: 'json' });
  const markdown = await format(markdownOf(), { parser: 'markdown' });
  writeFileSync(reportFiles.json, json);
  writeFileSync(reportFiles.markdown, markdown);
  return Object.values(reportFiles);
}

function promisesOf(cell: DeclaredCell): string[] {
  const { orders } = cell.step.scenario;
  const plan = orders.find(({ kind }) => kind === cell.step.subject);
  return plan ? promisedEnds(cell, plan, true).map(endText) : [];
}

function endText(end: End): string {
  if (end.status === 'COMPLETED') return 'COMPLETED';
  return end.status === 'CANCELLED' ? `CANCELLED, ${end.reason}` : `PENDING, alert ${end.alert}`;
}

function markdownOf(): string {
  const parts = Object.entries(protocols).map(([name, steps]) => protocolPart(name, steps));
  return [heading, ...parts].join('\n\n');
}

const heading = `# Failure matrix

Written by \`npm run matrix\`, which runs every cell on real processes and real servers, and writes
this file only when all of them have held. A cell puts one fault into one step, at the place that
is named, and fails when the step never came to that place. It holds when every order of it has
ended as promised, the API says the same as the database, exactly the orders that wait for an
operator have an open alert, and the auditor finds nothing.

Every service's worker runs twice, each service has a MySQL server of its own, and every way to a
database leads through a proxy that knows which transaction it carries. The limits are short:
${Object.entries(tuning)
  .map(([name, value]) => `\`${name}=${value}\``)
  .join(', ')}.

\`npm run matrix -- --step restoreStock --fault killed\` runs a part; \`npm test\` runs a part in
which each step and each fault is there at least once.`;

function protocolPart(protocol: string, steps: Step[]): string {
  const cells = declaredCells().filter((cell) => cell.protocol === protocol);
  const alone = steps.filter(({ scenario }) => scenario.orders.length === 1);
  const many = steps.filter(({ scenario }) => scenario.orders.length > 1);
  const runnable = cells.filter(({ inapplicable }) => inapplicable === undefined);
  return [
    `## ${protocol}`,
    `${String(runnable.length)} cells hold; ${String(cells.length - runnable.length)} have nothing
     to run, for a reason given below.`,
    `### One order\n\n${grid(cells, alone)}`,
    ...(many.length > 0 ? [`### Among many\n\n${grid(cells, many)}`] : []),
    `### What was promised\n\n${promises(cells, steps)}`,
    `### Nothing to run\n\n${reasons(cells)}`,
  ].join('\n\n');
}

/** A row a fault, a column a step. */
function grid(cells: DeclaredCell[], steps: Step[]): string {
  const columns = steps.map(({ name }) => `\`${name}\``);
  const rows = faults.map((fault) => {
    const verdicts = steps.map((step) => {
      const cell = cells.find((one) => one.step === step && one.fault === fault);
      return cell?.inapplicable ? '–' : '✔';
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
