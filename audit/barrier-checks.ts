import { isTerminal } from '../contracts/order';
import { show, type Evidence } from './evidence';
import type { AuditedOrder } from './orders';
import { stock, type Participant } from './participants';

/** How an order is judged by its rows in the barriers, and by its XA branches. */

export function barrierDisagrees(evidence: Evidence, participant: Participant): string | undefined {
  const { steps, taken, givenBack } = evidence[participant.name];
  for (const step in steps) {
    if (steps[step] === 'open') return `${step} was committed without an outcome`;
  }
  const { action, compensation } = participant.steps[evidence.order.pattern ?? 'saga'];
  const outcomeOf = (step: string | null) => (step === null ? undefined : steps[step]);
  const { status } = evidence.order;
  // Without a step that takes, the order's own status says whether it took.
  const mayTake = action === null ? status === 'COMPLETED' : outcomeOf(action) === 'done';
  const mayGiveBack = mayTake && outcomeOf(compensation) === 'done';
  if (taken.length > 0 === mayTake && givenBack.length > 0 === mayGiveBack) return undefined;
  const rows = [action, compensation].flatMap((step) =>
    step === null ? [] : [`${step}: ${outcomeOf(step) ?? 'no row'}`],
  );
  return `${rows.join(', ')}; the ledger took ${show(taken)}, gave back ${show(givenBack)}`;
}

/**
 * Without a barrier the order's last status alone says what was moved: an unfinished one may end
 * between its reading and the ledger's.
 */
export function hasBarrier({ pattern, status }: AuditedOrder): boolean {
  return isTerminal(status) || pattern === null || stock.asks[pattern] !== null;
}

/**
 * Whatever asks a participant first finds its row in the barrier: the answer that it gave, or the
 * tombstone that a compensation has left in its place. Were there none, a late one would take.
 */
export function mayStillTake(evidence: Evidence, participant: Participant): string | undefined {
  const { order } = evidence;
  const first = participant.asks[order.pattern ?? 'saga'] ?? '';
  if (evidence[participant.name].steps[first] !== undefined) return undefined;
  return `${order.status}, and ${first} has no barrier row: one that comes late would take`;
}

/**
 * A prepared branch holds the key of its barrier row, so that none can be prepared where that row
 * is seen, be it the effect's, a rejection's or a tombstone's. This proves more than what is noted
 * of branches, which could be wrong, and needs less than `XA RECOVER`, whose privilege is also to
 * end them.
 */
export function mayBePrepared(
  { order, ...books }: Evidence,
  participant: Participant,
): string | undefined {
  const { steps, branch } = books[participant.name];
  const action = participant.asks.xa ?? '';
  if (steps[action] !== undefined) return undefined;
  return `${order.status}, and ${action} has no barrier row; its branch is ${branch ?? 'not noted'}`;
}

/** What is committed follows from COMPLETE alone, what is rolled back from CANCEL alone. */
export function isHeuristic(
  { order, ...books }: Evidence,
  participant: Participant,
): string | undefined {
  const { taken, givenBack, branch } = books[participant.name];
  // The auditor read the decision first: a decision of CANCEL never changes.
  if (order.decision === 'CANCEL' && taken.length > 0 && givenBack.length === 0) {
    return `decided CANCEL, and ${participant.name} took ${show(taken)}`;
  }
  if (order.decision === 'COMPLETE' && taken.length === 0 && branch === 'heuristic-rollback') {
    return `decided COMPLETE, and the branch of ${participant.name} was rolled back`;
  }
  return undefined;
}
