import { orderStatuses, type OrderStatus } from '../contracts/order';
import { participants, type RegisteredParticipant } from '../contracts/participants';
import type { PatternRow } from '../contracts/patterns';
import {
  barrierDisagrees,
  hasBarrier,
  isHeuristic,
  mayBePrepared,
  mayStillTake,
} from './barrier-checks';
import { moved, owed, sameMovements, show, type Evidence } from './evidence';
import { movesOf, type AuditedOrder } from './orders';
import { keepsForCustomers, type RuleId } from './rules';

/** How one order is judged by one rule. */
export interface OrderCheck {
  rule: RuleId;
  /** The rule applies only to orders in these statuses. */
  statuses: readonly OrderStatus[];
  /** If given, the rule applies only to these orders, and counts only them. */
  judges?: (order: AuditedOrder) => boolean;
  /**
   * The finding depends on a status that may change between reading the order and reading the
   * ledgers. It counts only if the row is unchanged after both.
   */
  provisional?: true;
  /** What is wrong; undefined if the rule holds. */
  fault: (evidence: Evidence) => string | undefined;
}

const every = orderStatuses;
const claimed = ['PLACING', 'PENDING', 'COMPLETED', 'CANCELLED'] as const;
const unfinished = ['PLACING', 'PENDING'] as const;
const completed = ['COMPLETED'] as const;
const cancelled = ['CANCELLED'] as const;

/** Orders of the patterns whose ledgers move at these times. */
function moves(...when: PatternRow['moves'][]): (order: AuditedOrder) => boolean {
  return (order) => when.some((one) => one === movesOf(order));
}

type ParticipantFault = (
  evidence: Evidence,
  participant: RegisteredParticipant,
) => string | undefined;

/** Applies one rule to all participants, and reports the first that breaks it. */
function anyOf(fault: ParticipantFault): OrderCheck['fault'] {
  return (evidence) => {
    for (const participant of participants) {
      const detail = fault(evidence, participant);
      if (detail !== undefined) return detail;
    }
    return undefined;
  };
}

/** The texts of the rules are in rules.ts. */
export const orderChecks: readonly OrderCheck[] = [
  { rule: 'order-total', statuses: every, fault: wrongTotal },
  {
    rule: 'order-decision',
    statuses: ['CREATED', 'COMPLETED', 'CANCELLED'],
    fault: wrongDecision,
  },
  { rule: 'created-untouched', statuses: ['CREATED'], provisional: true, fault: touched },
  ...participants.map((one): OrderCheck => ({
    rule: `${one.label}-taken-once`,
    statuses: completed,
    fault: (evidence) => notTakenOnce(evidence, one),
  })),
  ...participants.map((one): OrderCheck => ({
    rule: `${one.label}-given-back`,
    statuses: cancelled,
    fault: (evidence) => notGivenBack(evidence, one),
  })),
  ...participants.map((one): OrderCheck => ({
    rule: `${one.label}-all-or-none`,
    statuses: [...unfinished, 'CANCELLED'],
    fault: (evidence) => partlyTaken(evidence, one),
  })),
  {
    rule: 'given-back-after-cancel',
    statuses: unfinished,
    provisional: true,
    fault: anyOf(givenBackTooEarly),
  },
  {
    rule: 'confirmed-after-complete',
    statuses: unfinished,
    judges: moves('after-complete'),
    provisional: true,
    fault: confirmedTooEarly,
  },
  {
    rule: 'lock-in-one',
    statuses: unfinished,
    judges: moves('with-order'),
    provisional: true,
    fault: movedBeforeItsEnd,
  },
  ...participants.filter(keepsForCustomers).map((one): OrderCheck => ({
    rule: `${one.label}-of-customer`,
    statuses: claimed,
    fault: (evidence) => movedAnothers(evidence, one),
  })),
  ...participants.map((one): OrderCheck => ({
    rule: `${one.label}-barrier`,
    statuses: claimed,
    judges: hasBarrier,
    fault: (evidence) => barrierDisagrees(evidence, one),
  })),
  {
    rule: 'late-step-barred',
    statuses: cancelled,
    judges: moves('before-decision', 'after-complete'),
    fault: anyOf(mayStillTake),
  },
  {
    rule: 'branch-left-prepared',
    statuses: ['COMPLETED', 'CANCELLED'],
    judges: moves('in-branches'),
    fault: anyOf(mayBePrepared),
  },
  {
    rule: 'reservation-left-open',
    statuses: ['CREATED', 'COMPLETED', 'CANCELLED'],
    provisional: true,
    fault: stillReserved,
  },
  {
    rule: 'heuristic-outcome',
    statuses: claimed,
    judges: (order) => moves('in-branches')(order) && order.decision !== null,
    fault: anyOf(isHeuristic),
  },
  {
    rule: 'registry-row-left-open',
    statuses: ['CREATED', 'COMPLETED', 'CANCELLED'],
    fault: leftOpen,
  },
];

function stillReserved({ order, accounts }: Evidence): string | undefined {
  const reserved = Object.values(accounts).flatMap((account) => account.reserved);
  if (reserved.length === 0) return undefined;
  return `${order.status}, and ${show(reserved)} are reserved for it`;
}

function wrongTotal({ order, lines }: Evidence): string | undefined {
  const costs = lines.map((line) => BigInt(line.quantity) * BigInt(line.unitPrice));
  const sum = costs.reduce((total, cost) => total + cost, 0n);
  if (sum === BigInt(order.total) && lines.length > 0) return undefined;
  return `the total is ${String(order.total)}, its ${String(lines.length)} lines cost ${String(sum)}`;
}

const decisionOf: Partial<Record<OrderStatus, string | null>> = {
  CREATED: null,
  COMPLETED: 'COMPLETE',
  CANCELLED: 'CANCEL',
};

function wrongDecision({ order: { status, decision } }: Evidence): string | undefined {
  const expected = decisionOf[status];
  if (expected === undefined || expected === decision) return undefined;
  return `${status}, but decided ${String(decision)}`;
}

function touched(evidence: Evidence): string | undefined {
  const rows = moved(evidence);
  const steps = Object.values(evidence.accounts).flatMap((account) => Object.keys(account.steps));
  if (rows.length === 0 && steps.length === 0) return undefined;
  return `the ledgers moved ${show(rows)}; barrier rows: ${steps.join(', ') || 'none'}`;
}

function notTakenOnce(evidence: Evidence, participant: RegisteredParticipant): string | undefined {
  const { taken, givenBack } = evidence.accounts[participant.name];
  const due = owed(evidence, participant);
  if (givenBack.length === 0 && sameMovements(taken, due)) return undefined;
  return `due ${show(due)}; took ${show(taken)}, gave back ${show(givenBack)}`;
}

function notGivenBack(evidence: Evidence, participant: RegisteredParticipant): string | undefined {
  const { taken, givenBack } = evidence.accounts[participant.name];
  if (sameMovements(taken, givenBack)) return undefined;
  return `took ${show(taken)}, gave back ${show(givenBack)}`;
}

function partlyTaken(evidence: Evidence, participant: RegisteredParticipant): string | undefined {
  const { taken } = evidence.accounts[participant.name];
  const due = owed(evidence, participant);
  if (taken.length === 0 || sameMovements(taken, due)) return undefined;
  return `due ${show(due)} or nothing; took ${show(taken)}`;
}

function givenBackTooEarly(
  evidence: Evidence,
  participant: RegisteredParticipant,
): string | undefined {
  const { taken, givenBack } = evidence.accounts[participant.name];
  if (givenBack.length === 0) return undefined;
  const { decision } = evidence.order;
  if (decision === 'CANCEL' && sameMovements(taken, givenBack)) return undefined;
  return `decided ${String(decision)}; took ${show(taken)}, gave back ${show(givenBack)}`;
}

function confirmedTooEarly({ order, accounts }: Evidence): string | undefined {
  const taken = Object.values(accounts).flatMap((account) => account.taken);
  if (order.decision === 'COMPLETE' || taken.length === 0) return undefined;
  return `decided ${String(order.decision)}, and took ${show(taken)}`;
}

function movedBeforeItsEnd(evidence: Evidence): string | undefined {
  const rows = moved(evidence);
  if (rows.length === 0) return undefined;
  return `${evidence.order.status}, and the ledgers moved ${show(rows)}`;
}

function movedAnothers(
  { order, accounts }: Evidence,
  { name }: RegisteredParticipant,
): string | undefined {
  const { taken, givenBack } = accounts[name];
  const foreign = [...taken, ...givenBack].filter(({ id }) => id !== order.customerId);
  if (foreign.length === 0) return undefined;
  return `the order is ${order.customerId}'s, and moved ${show(foreign)}`;
}

function leftOpen({ order, openCompensations }: Evidence): string | undefined {
  if (openCompensations.length === 0) return undefined;
  const steps = openCompensations.map(({ what }) => what).join(', ');
  return `${order.status}, with ${steps} still PENDING in the registry`;
}
