import { continueAsNew, isCancellation } from '@temporalio/workflow';
import type { BranchOutcome, OpenBranch } from '../../contracts/branches';
import { counted } from '../../contracts/labels';
import type { StandingDecision } from '../../contracts/steps';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { ScanInput, ScanResult } from '../../contracts/workflows';
import { showTroubled } from '../ui/attributes';
import { showDetails } from '../ui/details';
import { branchEndName, branchEnds, heuristicText, type BranchEnd } from '../shared/branches';
import { GrowingTable, quoted, runbookLink, tableOf } from '../ui/markdown';
import { branchEndOf, branchFinderOf, orderSteps, orderStepsOnce } from '../shared/steps';
import { zip } from '../shared/zip';
import { positionOf, positionsOf } from './positions';
import { failureMessage } from '../shared/reasons';
import { isLongEnough, noteEnd, togetherOrAlone } from './run';

const othersShownMax = 20;
/** How many branches one activity ends, to stay within one attempt. */
const endedAtOnce = 20;

/** The outcome of one branch. Branches that are left to their order's workflow have no row. */
interface Row {
  orderId: string;
  step: string;
  kind: 'ended' | 'failed' | 'heuristic';
  words: string;
}

/**
 * Ends abandoned XA branches. If the order is decided, it follows the decision. If the order is
 * undecided and the branch is old, no workflow is about to decide: it writes CANCEL, unless another
 * decision was first, and carries the decision out. The order is ended by its own workflow or by
 * adoption. Other programs' branches are shown, and never touched.
 */
export async function scanBranches(input: ScanInput): Promise<ScanResult> {
  const scan = new Scan(input);
  const after = await positionsOf((participant) => scan.through(participant));
  await noteEnd('scan', input);
  if (after) {
    const from = { after, result: scan.result };
    await continueAsNew<typeof scanBranches>({ ...input, from });
  }
  return scan.result;
}

class Scan {
  readonly result: ScanResult;
  private readonly rows = new GrowingTable(['order', 'step', 'result']);
  private readonly others = new Set<string>();
  private readonly unasked: [participant: string, why: string][] = [];
  private hasLooked = false;

  constructor(private readonly input: ScanInput) {
    this.result = input.from?.result ?? { ended: 0, failed: 0, heuristic: 0, others: 0 };
    showDetails(() => this.details());
  }

  /** Answers where the next run continues at this participant; null if nothing is left. */
  async through(participant: RegisteredParticipant): Promise<string | null> {
    const { olderThanMs, limit, from, timing } = this.input;
    const find = branchFinderOf(participant, { timing });
    let afterOrder = positionOf(participant, from?.after);
    while (afterOrder !== null && !isLongEnough()) {
      let own: OpenBranch[];
      try {
        const found = await find({ olderThanMs, afterOrder, limit });
        own = found.own;
        for (const xid of found.others) this.others.add(xid);
      } catch (error) {
        if (isCancellation(error)) throw error;
        this.notAsked(participant, failureMessage(error));
        return null;
      }
      await this.endAll(participant, own);
      afterOrder = own.length < limit ? null : (own.at(-1)?.orderId ?? null);
    }
    return afterOrder;
  }

  /** A participant that is down is asked by the next run. Its branches are not counted as none. */
  private notAsked({ label }: RegisteredParticipant, why: string): void {
    this.unasked.push([label, why]);
    this.result.unasked = this.unasked.map(([one]) => one);
    showTroubled();
  }

  private async endAll(participant: RegisteredParticipant, branches: OpenBranch[]): Promise<void> {
    const decisions = await this.decide(branches);
    const rows: Row[] = [];
    for (const decision of ['COMPLETE', 'CANCEL'] as const) {
      const decided = branches.filter(({ orderId }) => decisions.get(orderId) === decision);
      rows.push(...(await this.endThese(participant, branchEnds[decision], decided)));
    }
    for (const { orderId } of branches) {
      if (decisions.get(orderId) !== 'unknown') continue;
      rows.push({ orderId, step: 'none', kind: 'failed', words: 'the order does not exist' });
    }
    await this.raise(rows.filter(({ kind }) => kind === 'heuristic'));
    this.count(rows);
  }

  private async endThese(
    participant: RegisteredParticipant,
    end: BranchEnd,
    branches: OpenBranch[],
  ): Promise<Row[]> {
    const ends = branchEndOf(participant, end, this.input, 1);
    const step = branchEndName(participant, end);
    const rows: Row[] = [];
    for (let i = 0; i < branches.length; i += endedAtOnce) {
      const ids = branches.slice(i, i + endedAtOnce).map(({ orderId }) => ({ orderId }));
      const outcomes = new Map<string, BranchOutcome>();
      const failures = await togetherOrAlone(ids, async (some) => {
        const answers = await ends(some);
        for (const [{ orderId }, answer] of zip(some, answers)) outcomes.set(orderId, answer);
      });
      rows.push(...[...outcomes].map(([orderId, outcome]) => rowOf(orderId, step, outcome)));
      for (const { item, why } of failures) {
        rows.push({ orderId: item.orderId, step, kind: 'failed', words: why });
      }
    }
    return rows;
  }

  /** Each order's decision, once the old undecided ones are decided. */
  private async decide(branches: OpenBranch[]): Promise<Map<string, StandingDecision>> {
    const { timing, cancelAfterMs } = this.input;
    const ids = branches.map(({ orderId }) => orderId);
    if (ids.length === 0) return new Map();
    const standing = await orderSteps({ timing }).readDecisions(ids);
    const known = new Map(zip(ids, standing));
    const isLost = ({ orderId, ageMs }: OpenBranch) =>
      known.get(orderId) === 'undecided' && ageMs >= cancelAfterMs;
    // An order whose row is locked stays undecided, and its branch is left to the next run.
    await togetherOrAlone(branches.filter(isLost), async (lost) => {
      const decisions = await orderStepsOnce({ timing }).decideOrders(
        lost.map(({ orderId }) => ({ orderId, decision: 'CANCEL', reason: 'unavailable' })),
      );
      for (const [{ orderId }, decision] of zip(lost, decisions)) known.set(orderId, decision);
    });
    return known;
  }

  /** Leaves alone an order that has ended since; the auditor checks its books. */
  private async raise(heuristic: Row[]): Promise<void> {
    await togetherOrAlone(heuristic, (some) =>
      orderStepsOnce(this.input).alertOrders(
        some.map(({ orderId, words }) => ({ orderId, kind: 'heuristic-outcome', detail: words })),
      ),
    );
  }

  private count(rows: Row[]): void {
    for (const { orderId, step, kind, words } of rows) {
      this.result[kind] += 1;
      this.rows.add(orderId, step, quoted(words));
    }
    this.result.others = Math.max(this.result.others, this.others.size);
    if (rows.some(({ kind }) => kind !== 'ended')) showTroubled();
    this.hasLooked = true;
  }

  /** Shows operators what was done, and the other programs' branches. */
  private details(): string {
    const { ended, failed, heuristic } = this.result;
    const found = ended + failed + heuristic;
    const lines = this.hasLooked
      ? [
          `Abandoned branches: **${found}**; ${ended} ended, ${failed} failed, ` +
            `${heuristic} heuristic`,
        ]
      : ['Looking for abandoned branches'];
    if (failed + heuristic > 0) {
      const runbook = heuristic > 0 ? 'heuristic-outcome' : 'branch-in-doubt';
      lines.push('', `**What to do**: ${runbookLink(runbook, this.input.runbooksUrl)}`);
    }
    lines.push(
      ...tableOf(
        [`${counted(this.unasked.length, 'participant')} could not be asked`, 'why'],
        this.unasked,
        ([side, why]) => [side, quoted(why)],
      ),
      ...this.rows.lines(),
    );
    if (this.others.size > 0) {
      lines.push(
        '',
        `Prepared on the same servers by other programs, not touched (formatID, gtrid, bqual):`,
        ...tableOf(['branch'], [...this.others], (xid) => [xid], othersShownMax),
      );
    }
    return lines.join('\n');
  }
}

function rowOf(orderId: string, step: string, outcome: BranchOutcome): Row {
  return outcome.kind === 'heuristic'
    ? { orderId, step, kind: 'heuristic', words: heuristicText(step, outcome) }
    : { orderId, step, kind: 'ended', words: outcome.kind };
}
