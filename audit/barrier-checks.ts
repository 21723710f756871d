import { isTerminal } from '../contracts/order';
import type { RegisteredParticipant } from '../contracts/participants';
import { concerns, show, type Evidence } from './evidence';
import { movesOf, type AuditedOrder } from './orders';

/** How an order is judged by its rows in the barriers, and by its XA branches. */

/** Steps of a barrier; null where the pattern has none. */
interface LedgerSteps {
  /** What asks the participant first of all. */
  asks: string | null;
  /** What takes from the ledger. */
  action: string | null;
  /** What gives back to it. */
  compensation: string | null;
}

/** Of an order that nobody has claimed no row is right, so that any pattern's steps will do. */
function stepsOf(order: AuditedOrder, { steps }: RegisteredParticipant): LedgerSteps {
  const { saga, tcc, xa } = steps;
  switch (movesOf(order)) {
    // One order's row, locked, is the barrier of a single transaction.
    case 'with-order':
      return { asks: null, action: null, compensation: null };
    // Nobody but an operator gives back: what was committed by hand.
    case 'in-branches':
      return { asks: xa.prepare, action: xa.prepare, compensation: xa.rollback };
    case 'after-complete':
      return { asks: tcc.try, action: tcc.confirm, compensation: null };
    case 'before-decision':
    case undefined:
      return { asks: saga.action, ...saga };
  }
}

/** Says where the ledger did not move as the barrier's rows have it. */
export function barrierDisagrees(
  evidence: Evidence,
  participant: RegisteredParticipant,
): string | undefined {
  if (!concerns(evidence, participant)) return undefined;
  const { order, accounts } = evidence;
  const { steps, taken, givenBack } = accounts[participant.name];
  for (const step in steps) {
    if (steps[step] === 'open') return `${step} was committed without an outcome`;
  }
  const { action, compensation } = stepsOf(order, participant);
  const outcomeOf = (step: string | null) => (step === null ? undefined : steps[step]);
  // Without a step that takes, the order's own status says whether it took.
  const mayTake = action === null ? order.status === 'COMPLETED' : outcomeOf(action) === 'done';
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
export function hasBarrier(order: AuditedOrder): boolean {
  return isTerminal(order.status) || movesOf(order) !== 'with-order';
}

/**
 * Whatever asks a participant first finds its row in the barrier: the answer that it gave, or the
 * tombstone that a compensation has left in its place. Were there none, a late one would take.
 */
export function mayStillTake(
  evidence: Evidence,
  participant: RegisteredParticipant,
): string | undefined {
  if (!concerns(evidence, participant)) return undefined;
  const { order, accounts } = evidence;
  const first = stepsOf(order, participant).asks ?? '';
  if (accounts[participant.name].steps[first] !== undefined) return undefined;
  return `${order.status}, and ${first} has no barrier row: one that comes late would take`;
}

/**
 * A prepared branch holds the key of its barrier row, so that none can be prepared where that row
 * is seen, be it the effect's, a rejection's or a tombstone's. This proves more than what is noted
 * of branches, which could be wrong, and needs less than `XA RECOVER`, whose privilege is also to
 * end them.
 */
export function mayBePrepared(
  evidence: Evidence,
  participant: RegisteredParticipant,
): string | undefined {
  if (!concerns(evidence, participant)) return undefined;
  const { order, accounts } = evidence;
  const { steps, branch } = accounts[participant.name];
  const action = participant.steps.xa.prepare;
  if (steps[action] !== undefined) return undefined;
  return `${order.status}, and ${action} has no barrier row; its branch is ${branch ?? 'not noted'}`;
}

/** What is committed follows from COMPLETE alone, what is rolled back from CANCEL alone. */
export function isHeuristic(
  { order, accounts }: Evidence,
  { name, label }: RegisteredParticipant,
): string | undefined {
  const { taken, givenBack, branch } = accounts[name];
  // The auditor read the decision first: a decision of CANCEL never changes.
  if (order.decision === 'CANCEL' && taken.length > 0 && givenBack.length === 0) {
    return `decided CANCEL, and ${label} took ${show(taken)}`;
  }
  if (order.decision === 'COMPLETE' && taken.length === 0 && branch === 'heuristic-rollback') {
    return `decided COMPLETE, and the branch of ${label} was rolled back`;
  }
  return undefined;
}
