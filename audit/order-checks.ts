import { orderStatuses, type OrderStatus } from '../contracts/order';
import { patternRows, type PatternRow } from '../contracts/patterns';
import {
  barrierDisagrees,
  hasBarrier,
  isHeuristic,
  mayBePrepared,
  mayStillTake,
} from './barrier-checks';
import { owed, sameMovements, show, type Evidence } from './evidence';
import type { AuditedOrder } from './orders';
import { points, stock, type Participant } from './participants';
import type { RuleId } from './rules';

/** How one order is judged by one rule. */
export interface OrderCheck {
  rule: RuleId;
  /** The rule says nothing of orders in any other status. */
  statuses: readonly OrderStatus[];
  /** Nor of other orders than these, where it is given: they are not counted either. */
  judges?: (order: AuditedOrder) => boolean;
  /**
   * The finding depends on a status that may change between the order's reading and the
   * ledgers': it counts only if the row is found unchanged after both.
   */
  provisional?: true;
  /** What is wrong, or undefined when the rule holds. */
  fault: (evidence: Evidence) => string | undefined;
}

const every = orderStatuses;
const claimed = ['PLACING', 'PENDING', 'COMPLETED', 'CANCELLED'] as const;
const unfinished = ['PLACING', 'PENDING'] as const;
const completed = ['COMPLETED'] as const;
const cancelled = ['CANCELLED'] as const;

/** Orders of the patterns whose ledgers move then. */
function moves(...when: PatternRow['moves'][]): (order: AuditedOrder) => boolean {
  return ({ pattern }) => pattern !== null && when.includes(patternRows[pattern].moves);
}

/** The rules' sentences are in rules.ts. */
export const orderChecks: readonly OrderCheck[] = [
  { rule: 'order-total', statuses: every, fault: wrongTotal },
  {
    rule: 'order-decision',
    statuses: ['CREATED', 'COMPLETED', 'CANCELLED'],
    fault: wrongDecision,
  },
  { rule: 'created-untouched', statuses: ['CREATED'], provisional: true, fault: touched },
  { rule: 'stock-taken-once', statuses: completed, fault: (e) => notTakenOnce(e, stock) },
  { rule: 'points-taken-once', statuses: completed, fault: (e) => notTakenOnce(e, points) },
  { rule: 'stock-given-back', statuses: cancelled, fault: (e) => notGivenBack(e, stock) },
  { rule: 'points-given-back', statuses: cancelled, fault: (e) => notGivenBack(e, points) },
  {
    rule: 'stock-all-or-none',
    statuses: [...unfinished, 'CANCELLED'],
    fault: (e) => partlyTaken(e, stock),
  },
  {
    rule: 'points-all-or-none',
    statuses: [...unfinished, 'CANCELLED'],
    fault: (e) => partlyTaken(e, points),
  },
  {
    rule: 'given-back-after-cancel',
    statuses: unfinished,
    provisional: true,
    fault: (e) => givenBackTooEarly(e, stock) ?? givenBackTooEarly(e, points),
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
  { rule: 'points-of-customer', statuses: claimed, fault: foreignPoints },
  {
    rule: 'stock-barrier',
    statuses: claimed,
    judges: hasBarrier,
    fault: (e) => barrierDisagrees(e, stock),
  },
  {
    rule: 'points-barrier',
    statuses: claimed,
    judges: hasBarrier,
    fault: (e) => barrierDisagrees(e, points),
  },
  {
    rule: 'late-step-barred',
    statuses: cancelled,
    judges: moves('before-decision', 'after-complete'),
    fault: (e) => mayStillTake(e, stock) ?? mayStillTake(e, points),
  },
  {
    rule: 'branch-left-prepared',
    statuses: ['COMPLETED', 'CANCELLED'],
    judges: moves('in-branches'),
    fault: (e) => mayBePrepared(e, stock) ?? mayBePrepared(e, points),
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
    fault: (e) => isHeuristic(e, stock) ?? isHeuristic(e, points),
  },
  {
    rule: 'registry-row-left-open',
    statuses: ['CREATED', 'COMPLETED', 'CANCELLED'],
    fault: leftOpen,
  },
];

function stillReserved({ stock: s, points: p, order }: Evidence): string | undefined {
  const reserved = [...s.reserved, ...p.reserved];
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

function touched({ stock: s, points: p }: Evidence): string | undefined {
  const rows = [s, p].flatMap(({ taken, givenBack }) => [...taken, ...givenBack]);
  const steps = [...Object.keys(s.steps), ...Object.keys(p.steps)];
  if (rows.length === 0 && steps.length === 0) return undefined;
  return `the ledgers moved ${show(rows)}; barrier rows: ${steps.join(', ') || 'none'}`;
}

function notTakenOnce(evidence: Evidence, participant: Participant): string | undefined {
  const { taken, givenBack } = evidence[participant.name];
  const due = owed(evidence, participant);
  if (givenBack.length === 0 && sameMovements(taken, due)) return undefined;
  return `due ${show(due)}; took ${show(taken)}, gave back ${show(givenBack)}`;
}

function notGivenBack(evidence: Evidence, participant: Participant): string | undefined {
  const { taken, givenBack } = evidence[participant.name];
  if (sameMovements(taken, givenBack)) return undefined;
  return `took ${show(taken)}, gave back ${show(givenBack)}`;
}

function partlyTaken(evidence: Evidence, participant: Participant): string | undefined {
  const { taken } = evidence[participant.name];
  const due = owed(evidence, participant);
  if (taken.length === 0 || sameMovements(taken, due)) return undefined;
  return `due ${show(due)} or nothing; took ${show(taken)}`;
}

function givenBackTooEarly(evidence: Evidence, participant: Participant): string | undefined {
  const { taken, givenBack } = evidence[participant.name];
  if (givenBack.length === 0) return undefined;
  const { decision } = evidence.order;
  if (decision === 'CANCEL' && sameMovements(taken, givenBack)) return undefined;
  return `decided ${String(decision)}; took ${show(taken)}, gave back ${show(givenBack)}`;
}

function confirmedTooEarly({ order, stock: s, points: p }: Evidence): string | undefined {
  const taken = [...s.taken, ...p.taken];
  if (order.decision === 'COMPLETE' || taken.length === 0) return undefined;
  return `decided ${String(order.decision)}, and took ${show(taken)}`;
}

function movedBeforeItsEnd({ order, stock: s, points: p }: Evidence): string | undefined {
  const moved = [s, p].flatMap(({ taken, givenBack }) => [...taken, ...givenBack]);
  if (moved.length === 0) return undefined;
  return `${order.status}, and the ledgers moved ${show(moved)}`;
}

function foreignPoints({ order, points: { taken, givenBack } }: Evidence): string | undefined {
  const foreign = [...taken, ...givenBack].filter(({ key }) => key !== order.customerId);
  if (foreign.length === 0) return undefined;
  return `the order is ${order.customerId}'s, and moved ${show(foreign)}`;
}

function leftOpen({ order, openCompensations }: Evidence): string | undefined {
  if (openCompensations.length === 0) return undefined;
  const steps = openCompensations.map(({ what }) => what).join(', ');
  return `${order.status}, with ${steps} still PENDING in the registry`;
}
