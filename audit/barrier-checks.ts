import { isTerminal } from '../contracts/order';
import type { RegisteredParticipant } from '../contracts/participants';
import { concerns, show, type Evidence } from './evidence';
import { movesOf, type AuditedOrder } from './orders';

/** Judges an order by its barrier rows and XA branches. */

/** A barrier's steps; null if the pattern has none. */
interface LedgerSteps {
  /** The first step that the participant is asked for. */
  asks: string | null;
  /** The step that takes. */
  action: string | null;
  /** The step that gives back. */
  compensation: string | null;
}

/** An unclaimed order may have no row at all, so any pattern's steps will do. */
function stepsOf(order: AuditedOrder, { steps }: RegisteredParticipant): LedgerSteps {
  const { saga, tcc, xa } = steps;
  switch (movesOf(order)) {
    // In a single transaction the order's locked row is the barrier.
    case 'with-order':
      return { asks: null, action: null, compensation: null };
    // Only an operator gives back, after a branch was committed by hand.
    case 'in-branches':
      return { asks: xa.prepare, action: xa.prepare, compensation: xa.rollback };
    case 'after-complete':
      return { asks: tcc.try, action: tcc.confirm, compensation: null };
    case 'before-decision':
    case undefined:
      return { asks: saga.action, ...saga };
  }
}

/** Describes how the ledger disagrees with the barrier's rows. */
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
  // Without a step that takes, the order's status tells whether it took.
  const mayTake = action === null ? order.status === 'COMPLETED' : outcomeOf(action) === 'done';
  const mayGiveBack = mayTake && outcomeOf(compensation) === 'done';
  if (taken.length > 0 === mayTake && givenBack.length > 0 === mayGiveBack) return undefined;
  const rows = [action, compensation].flatMap((step) =>
    step === null ? [] : [`${step}: ${outcomeOf(step) ?? 'no row'}`],
  );
  return `${rows.join(', ')}; the ledger took ${show(taken)}, gave back ${show(givenBack)}`;
}

/**
 * Without a barrier only the order's final status tells what was moved: an unfinished order may end
 * between reading it and reading the ledger.
 */
export function hasBarrier(order: AuditedOrder): boolean {
  return isTerminal(order.status) || movesOf(order) !== 'with-order';
}

/**
 * The first step of a cancelled order must have a barrier row: its outcome, or the tombstone of a
 * compensation. Without one, a late step would take.
 */
export function mayStillTake(
  evidence: Evidence,
  participant: RegisteredParticipant,
): string | undefined {
  if (!concerns(evidence, participant)) return undefined;
  const { order, accounts } = evidence;
  const first = stepsOf(order, participant).asks ?? '';
  if (accounts[participant.name].steps[first] !== undefined) return undefined;
  return `${order.status}, and ${first} has no barrier row: a late step would take something`;
}

/**
 * A prepared branch locks the key of its barrier row. If that row is visible, whether it records
 * the effect, a rejection or a tombstone, no branch can be prepared. This proves more than the
 * recorded branches, which could be wrong. It needs less than `XA RECOVER`, whose privilege also
 * allows ending branches.
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
  return `${order.status}, and ${action} has no barrier row; its branch is ${branch ?? 'not recorded'}`;
}

/** Only COMPLETE justifies a commit, and only CANCEL a rollback. */
export function isHeuristic(
  { order, accounts }: Evidence,
  { name, label }: RegisteredParticipant,
): string | undefined {
  const { taken, givenBack, branch } = accounts[name];
  // The auditor reads the decision first, and a decision of CANCEL never changes.
  if (order.decision === 'CANCEL' && taken.length > 0 && givenBack.length === 0) {
    return `decided CANCEL, and ${label} took ${show(taken)}`;
  }
  if (order.decision === 'COMPLETE' && taken.length === 0 && branch === 'heuristic-rollback') {
    return `decided COMPLETE, and the branch of ${label} was rolled back`;
  }
  return undefined;
}
