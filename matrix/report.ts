import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { patterns, type Pattern } from '../contracts/order';
import { declaredReport, reportFiles, type ReportedCell } from './declared-report';
import { markdownOf, readReport, type Report, type ReportedRun } from './page';
import type { RunResult } from './run';

/**
 * Writes both files, after a run in which every cell of these protocols held; what they say of
 * others stays. Answers their paths.
 *
 * @throws Error when a cell that is declared is not among the results, or did not hold
 */
export async function writeReport(results: readonly RunResult[]): Promise<string[]> {
  const before = readReport();
  const held = patterns.filter((name) => results.some(({ protocol }) => protocol === name));
  const isOld = ({ protocol }: { protocol: Pattern }) => !held.includes(protocol);
  const report: Report = {
    runs: [...before.runs.filter(isOld), ...held.map((name) => runOf(name, results, before.runs))],
    cells: patterns.flatMap((name) =>
      held.includes(name)
        ? declaredReport(name).map((cell) => withResult(cell, results))
        : before.cells.filter(({ protocol }) => protocol === name),
    ),
  };
  const { json, markdown } = await filesOf(report);
  writeFileSync(reportFiles.json, json);
  writeFileSync(reportFiles.markdown, markdown);
  return Object.values(reportFiles);
}

/** What the files hold for a report, formatted as `npm run check` will have them. */
async function filesOf(report: Report): Promise<{ json: string; markdown: string }> {
  const style = await resolveConfig(reportFiles.json);
  return {
    json: await format(JSON.stringify(report), { ...style, parser: 'json' }),
    markdown: await format(markdownOf(report), { ...style, parser: 'markdown' }),
  };
}

function withResult(cell: ReportedCell, results: readonly RunResult[]): ReportedCell {
  if (cell.verdict === 'inapplicable') return cell;
  const result = results.find(
    (one) => one.protocol === cell.protocol && one.step === cell.step && one.fault === cell.fault,
  );
  if (!result?.ok) throw new Error(`${cell.protocol}, ${cell.step}: ${cell.fault} has not held`);
  return { ...cell, ms: result.ms };
}

function runOf(
  protocol: Pattern,
  results: readonly RunResult[],
  earlier: readonly ReportedRun[],
): ReportedRun {
  const own = results.filter((result) => result.protocol === protocol);
  const begun = Math.min(...own.map(({ begunAt }) => begunAt));
  const ended = Math.max(...own.map(({ begunAt, ms }) => begunAt + ms));
  const seconds = Math.round((ended - begun) / 1_000);
  const run = { protocol, at: new Date(ended).toISOString(), seconds, cells: own.length };
  const last = earlier.find((one) => one.protocol === protocol);
  if (!last) return run;
  return { ...run, before: { at: last.at, seconds: last.seconds, cells: last.cells } };
}
