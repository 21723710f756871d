import type { AuditReport } from '../../audit/audit';
import { summaryText } from '../load/summary-text';
import { viewRules, type ViewRule, type ViewViolation } from './check';
import type { Leftovers } from './leftovers';
import { endMsMax, type ChaosReport } from './run';
import type { SeenCall } from './view';

const violationsShownMax = 50;
/** Of each order, its last ones; `--json` has all. */
const callsShownMax = 20;

/** Did every fault happen, is nothing wrong with what callers were told, and is nothing left? */
export function chaosSucceeded(report: ChaosReport, left: Leftovers): boolean {
  const { planned, fired, failed } = report.faults;
  const happened = Object.values(fired).reduce((sum, n) => sum + n, 0);
  const all = report.interrupted || (planned > 0 && happened === planned);
  const known = report.toldEnd === report.asked && report.violations.length === 0;
  const nothingLeft = Object.values(left).every((n) => n === 0);
  return all && failed.length === 0 && known && (nothingLeft || report.interrupted);
}

/** What a run with faults has come to, for a reader. */
export function chaosText(report: ChaosReport, callers: number, audit: AuditReport): string {
  const { faults, violations, calls } = report;
  const fired = Object.entries(faults.fired).map(([kind, n]) => `${String(n)} ${kind}`);
  const healed = (report.healMs / 1_000).toFixed(1);
  const ended = (report.longestToEndMs / 1_000).toFixed(1);
  return [
    summaryText(report.load, callers, audit),
    '',
    `Chaos ${String(report.seed)}: ${fired.join(', ')} fired, of ${String(faults.planned)} planned` +
      `${report.interrupted ? '; stopped before its time' : ''}; ` +
      `${String(report.doneDuringFaults)} of ${String(report.load.orders)} orders ended during the faults.`,
    ...faults.failed.map((sentence) => `NOT DONE: ${sentence}`),
    `Ready again ${healed} s after the last fault; the last order ended ${ended} s after that, or ` +
      `after it was claimed (${String(endMsMax / 1_000)} s at most).`,
    `Callers made ${String(calls.ok + calls.failed + calls.unknown)} calls: ${String(calls.ok)} ok, ` +
      `${String(calls.failed)} refused, ${String(calls.unknown)} unknown. ` +
      `${String(report.cameBack)} orders were asked for again after the healing, for their callers ` +
      `had not been told their end. In the end they were told that of ${String(report.toldEnd)} of ` +
      `${String(report.asked)} orders.`,
    verdict(violations),
    ...(violations.length > 0 ? explain(report, violations) : []),
  ].join('\n');
}

function verdict(violations: ViewViolation[]): string {
  if (violations.length === 0) return 'What callers were told is what the databases have.';
  return `What callers were told is NOT what the databases have: ${String(violations.length)} times.`;
}

function explain({ seed, seconds, load }: ChaosReport, violations: ViewViolation[]): string[] {
  const rules = [...new Set(violations.map(({ rule }) => rule))];
  const omitted = violations.length - violationsShownMax;
  return [
    ...rules.flatMap((rule) => ['', `${rule}: ${viewRules[rule]}`, ...lines(violations, rule)]),
    ...(omitted > 0 ? [`… the first ${String(violationsShownMax)} of each are shown.`] : []),
    '',
    'An order’s row in `orders` names its workflow (`owner`), to be looked up in the Temporal UI; ' +
      'what the processes said is in the logs of the stack’s folder.',
    'The same faults again: ' +
      `npm run load -- --chaos ${String(seed)} --seconds ${String(seconds)} ` +
      `--orders ${String(load.orders)}, with the same --pattern and --callers`,
  ];
}

function lines(violations: ViewViolation[], wanted: ViewRule): string[] {
  return violations
    .filter(({ rule }) => rule === wanted)
    .slice(0, violationsShownMax)
    .flatMap(({ key, orderId, detail, calls }) => [
      `  ${orderId ?? `key ${key}`}  ${detail}`,
      ...calls.slice(-callsShownMax).map((call) => `      ${callText(call)}`),
    ]);
}

/** Such as `place 02:01:37.123, 8000 ms: unknown, no answer`. */
function callText({ op, invokedMs, endedMs, result, answer }: SeenCall): string {
  const at = new Date(invokedMs).toISOString().slice('2026-01-01T'.length, -1);
  const told = [answer?.status, answer?.problem ?? answer?.orderStatus, answer?.reason];
  const what = answer ? told.filter((word) => word !== undefined).join(' ') : 'no answer';
  return `${op} ${at}, ${String(endedMs - invokedMs)} ms: ${result}, ${what}`;
}
