import { setCurrentDetails } from '@temporalio/workflow';
import type { FoundBranches, OpenBranch } from '../contracts/branches';
import type { StandingDecision } from '../contracts/steps';
import type { ScanInput, ScanResult } from '../contracts/workflows';
import { showTroubled } from './attributes';
import { branchEnds, endOne, heuristicText, type BranchEnd } from './branches';
import { quoted, runbookLink, tableOf } from './markdown';
import { branchEndsOf, branchFindersOf, orderSteps } from './proxies';
import { reasonOf } from './reasons';

const othersShownMax = 20;

/** What became of one branch; absent where it is left for whoever drives the order. */
interface Row {
  orderId: string;
  step: BranchEnd | 'none';
  kind: 'ended' | 'failed' | 'heuristic';
  words: string;
}

/** The place of each participant in `branchEnds`. */
const participants = { stock: 0, points: 1 } as const;

/**
 * Ends the branches that whoever prepared them has left behind: on every start, and by a schedule.
 * Decided ones are ended as was decided. An undecided one that is old has nobody who is about to
 * decide: CANCEL is written, unless somebody was first, and what holds is carried out. Its order is
 * ended by its own workflow, or by adoption. Others' branches are shown, and never touched.
 */
export async function scanBranches(input: ScanInput): Promise<ScanResult> {
  const { olderThanMs, limit } = input;
  const find = branchFindersOf(input.timing);
  setCurrentDetails('Looking for branches that were left behind');
  const [stock, points] = await Promise.all([
    seen(() => find.findStockBranches({ olderThanMs, limit })),
    seen(() => find.findPointBranches({ olderThanMs, limit })),
  ]);
  const decisions = await decide(input, [...stock.own, ...points.own]);
  const rows = await Promise.all([
    ...stock.own.map((branch) => end(input, decisions, branch, 'stock')),
    ...points.own.map((branch) => end(input, decisions, branch, 'points')),
  ]);
  const ended = rows.flatMap((row) => row ?? []);
  await raise(input, ended);
  const others = [...new Set([...stock.others, ...points.others])];
  show(input, ended, others);
  return { ...countsOf(ended), others: others.length };
}

/** A participant that is away has nothing to show; the next run asks it again. */
async function seen(find: () => Promise<FoundBranches>): Promise<FoundBranches> {
  try {
    return await find();
  } catch (error) {
    reasonOf(error);
    return { own: [], others: [] };
  }
}

async function decide(
  { timing, cancelAfterMs }: ScanInput,
  branches: readonly OpenBranch[],
): Promise<Map<string, StandingDecision>> {
  const order = orderSteps(timing);
  const ids = [...new Set(branches.map(({ orderId }) => orderId))];
  if (ids.length === 0) return new Map();
  const standing = await order.readDecisions(ids);
  const known = new Map(ids.map((orderId, i) => [orderId, standing[i] ?? 'unknown']));
  const old = new Set(
    branches.filter(({ ageMs }) => ageMs >= cancelAfterMs).map(({ orderId }) => orderId),
  );
  const lost = ids.filter((orderId) => known.get(orderId) === 'undecided' && old.has(orderId));
  if (lost.length > 0) {
    const decisions = await order.decideOrders(
      lost.map((orderId) => ({ orderId, decision: 'CANCEL', reason: 'unavailable' })),
    );
    lost.forEach((orderId, i) => known.set(orderId, decisions[i] ?? 'undecided'));
  }
  return known;
}

async function end(
  { timing }: ScanInput,
  decisions: Map<string, StandingDecision>,
  { orderId }: OpenBranch,
  participant: keyof typeof participants,
): Promise<Row | undefined> {
  const decision = decisions.get(orderId) ?? 'unknown';
  if (decision === 'undecided') return undefined;
  if (decision === 'unknown')
    return { orderId, step: 'none', kind: 'failed', words: 'no such order' };
  const step = branchEnds[decision][participants[participant]];
  try {
    const outcome = await endOne(branchEndsOf(timing, 1), step, orderId);
    if (outcome.kind !== 'heuristic') return { orderId, step, kind: 'ended', words: outcome.kind };
    return { orderId, step, kind: 'heuristic', words: heuristicText(step, outcome) };
  } catch (error) {
    return { orderId, step, kind: 'failed', words: reasonOf(error) };
  }
}

/** An order that has ended meanwhile is left alone; its books are the auditor's. */
async function raise({ timing }: ScanInput, rows: readonly Row[]): Promise<void> {
  const heuristic = rows.filter(({ kind }) => kind === 'heuristic');
  if (heuristic.length === 0) return;
  await orderSteps(timing).alertOrders(
    heuristic.map(({ orderId, words }) => ({ orderId, kind: 'heuristic-outcome', detail: words })),
  );
}

function countsOf(rows: readonly Row[]) {
  const count = (wanted: Row['kind']) => rows.filter(({ kind }) => kind === wanted).length;
  return { ended: count('ended'), failed: count('failed'), heuristic: count('heuristic') };
}

/** What an operator reads in the Temporal UI: what was done, and whose branches are beside ours. */
function show({ runbooksUrl }: ScanInput, rows: readonly Row[], others: readonly string[]): void {
  const { ended, failed, heuristic } = countsOf(rows);
  const lines = [
    `Branches left behind: **${rows.length}**; ${ended} ended, ${failed} failed, ` +
      `${heuristic} heuristic`,
  ];
  if (failed + heuristic > 0) {
    showTroubled();
    const runbook = heuristic > 0 ? 'heuristic-outcome' : 'branch-in-doubt';
    lines.push('', `**What to do**: ${runbookLink(runbook, runbooksUrl)}`);
  }
  lines.push(
    ...tableOf(['order', 'step', 'what came of it'], rows, ({ orderId, step, words }) => [
      orderId,
      step,
      quoted(words),
    ]),
  );
  if (others.length > 0) {
    lines.push(
      '',
      `Prepared on the same servers by others, and left alone (formatID, gtrid, bqual):`,
      ...tableOf(['branch'], others, (xid) => [xid], othersShownMax),
    );
  }
  setCurrentDetails(lines.join('\n'));
}
