import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { patterns, type Pattern } from '../contracts/order';
import { nameOf } from './cell';
import { declaredCells, protocols, type DeclaredCell } from './cells';
import {
  declaredReport,
  endText,
  promisesOf,
  reportFiles,
  type ReportedCell,
} from './declared-report';
import { faults } from './faults';
import { tuning } from './stack';
import type { Step } from './step';

/**
 * Writes both files, after a run in which every cell of these protocols held; what they say of
 * others stays. Answers their paths.
 */
export async function writeReport(held: readonly Pattern[]): Promise<string[]> {
  const before = reportedCells();
  const cells = patterns.flatMap((name) =>
    held.includes(name) ? declaredReport(name) : before.filter(({ protocol }) => protocol === name),
  );
  const names = patterns.filter((name) => cells.some(({ protocol }) => protocol === name));
  // As `npm run check` will have them.
  const style = await resolveConfig(reportFiles.json);
  const json = await format(JSON.stringify({ cells }), { ...style, parser: 'json' });
  const markdown = await format(markdownOf(names), { ...style, parser: 'markdown' });
  writeFileSync(reportFiles.json, json);
  writeFileSync(reportFiles.markdown, markdown);
  return Object.values(reportFiles);
}

function reportedCells(): ReportedCell[] {
  if (!existsSync(reportFiles.json)) return [];
  return (JSON.parse(readFileSync(reportFiles.json, 'utf8')) as { cells: ReportedCell[] }).cells;
}

function markdownOf(names: readonly Pattern[]): string {
  const parts = names.map((name) => protocolPart(name, protocols[name].steps));
  return [heading, ...parts].join('\n\n');
}

const heading = `# Failure matrix

Written by \`npm run matrix\`, which runs every cell on real processes and real servers, and writes
a protocol's part only when all of its cells have held. A cell puts one fault into one step, at the place that
is named, and fails when the step never came to that place. It holds when every order of it has
ended as promised, the API says the same as the database, exactly the orders that wait for an
operator have an open alert, and the auditor finds nothing.

Every service's worker runs twice, each service has a MySQL server of its own (but for \`lock\`,
which needs one for all), and every way to a
database leads through a proxy that knows which transaction it carries. The limits are short:
${Object.entries(tuning)
  .map(([name, value]) => `\`${name}=${value}\``)
  .join(', ')}.

\`npm run matrix -- --protocol saga\` runs one protocol, \`-- --step restoreStock --fault killed\` a
part of it; \`npm test\` runs a part in which each step and each fault is there at least once.`;

function protocolPart(protocol: Pattern, steps: Step[]): string {
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
