import { patterns, type Pattern } from '../../contracts/order';
import type { ReportedCell } from './declared-report';
import type { Report, ReportedRun } from './page';
import type { RunResult } from './run';

/** What is known of each declared cell after these results; pure. */
export function mergeReport(
  before: Report,
  declared: readonly ReportedCell[],
  results: readonly RunResult[],
): Report {
  const whole = patterns.filter((name) => {
    const own = declared.filter((one) => one.protocol === name && one.verdict === 'holds');
    const held = own.filter((cell) => resultOf(cell, results)?.ok);
    return own.length > 0 && held.length === own.length;
  });
  const isOld = ({ protocol }: { protocol: Pattern }) => !whole.includes(protocol);
  return {
    runs: [
      ...before.runs.filter(isOld),
      ...whole.map((name) => runOf(name, results, before.runs)),
    ].sort((a, b) => patterns.indexOf(a.protocol) - patterns.indexOf(b.protocol)),
    cells: declared.map((cell) => merged(cell, before.cells, results, !isOld(cell))),
  };
}

function merged(
  cell: ReportedCell,
  before: readonly ReportedCell[],
  results: readonly RunResult[],
  inWhole: boolean,
): ReportedCell {
  if (cell.verdict === 'inapplicable') return cell;
  const result = resultOf(cell, results);
  if (result && !result.ok) return { ...cell, verdict: 'open' };
  if (result) {
    const at = new Date(result.begunAt + result.ms).toISOString();
    return { ...cell, ms: result.ms, ...(!inWhole && { at }) };
  }
  const last = before.find((one) => isSame(one, cell) && one.verdict === 'holds');
  const isUnchanged =
    last?.scenario === cell.scenario && last.promised.join() === cell.promised.join();
  return last && isUnchanged ? last : { ...cell, verdict: 'open' };
}

function resultOf(cell: ReportedCell, results: readonly RunResult[]): RunResult | undefined {
  return results.findLast((one) => isSame(one, cell));
}

/** Named alike, though the one or the other may have been changed since. */
function isSame(one: Named, other: Named): boolean {
  return one.protocol === other.protocol && one.step === other.step && one.fault === other.fault;
}

type Named = Pick<ReportedCell, 'protocol' | 'step' | 'fault'>;

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
