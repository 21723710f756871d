import {
  participants,
  type ParticipantWords,
  type RegisteredParticipant,
} from '../contracts/participants';

/** What must hold, and what an operator does about a violation. */
interface Rule {
  sentence: string;
  remedy: string;
}

type CustomersLabel = Extract<ParticipantWords, { books: { holder: 'customer' } }>['label'];

/** Each of its balances belongs to a customer. */
export function keepsForCustomers(
  participant: RegisteredParticipant,
): participant is RegisteredParticipant & { label: CustomersLabel } {
  return participant.books.holder === 'customer';
}

/** A rule that each of them is held against by itself, named after what that one takes. */
function each<L extends string, S extends string>(
  judged: readonly (RegisteredParticipant & { label: L })[],
  suffix: S,
  ruleOf: (participant: RegisteredParticipant) => Rule,
): Record<`${L}-${S}`, Rule> {
  const named = judged.map((one) => [`${one.label}-${suffix}`, ruleOf(one)] as const);
  return Object.fromEntries(named) as Record<`${L}-${S}`, Rule>;
}

/**
 * Everything that the auditor proves: the rule's stable name, its sentence, and what an operator
 * does about a violation. The names are part of the interface: `--json` and alerts carry them.
 * How a single order is judged by its rules is in order-checks.ts; sums are in balances.ts, and
 * whatever needs a second look, because the world moved on while it was read, in second-look.ts.
 */
export const rules = {
  'order-total': {
    sentence: "An order's total is the sum of quantity × unit price over its lines.",
    remedy: 'Neither changes after creation: find out who wrote the order database by hand.',
  },
  'order-decision': {
    sentence: 'COMPLETED was decided COMPLETE, CANCELLED was decided CANCEL, CREATED is undecided.',
    remedy: 'Find out who wrote the order row by hand; the ledgers show what really happened.',
  },
  'created-untouched': {
    sentence: 'An order that is only CREATED has moved nothing.',
    remedy: 'Something ran without claiming the order: do not place it before that is understood.',
  },
  ...each(participants, 'taken-once', ({ label, books }) => ({
    sentence: `A COMPLETED order took the ${label} that it owes, once, and gave none back.`,
    remedy: `Compare the order, ${books.ledger} and steps, then correct the ${label}.`,
  })),
  ...each(participants, 'given-back', ({ label }) => ({
    sentence: `A CANCELLED order gave back exactly the ${label} that it took.`,
    remedy: `Lost, or given twice: correct the ${label} by what the ledger shows of this order.`,
  })),
  ...each(participants, 'all-or-none', ({ label }) => ({
    sentence: `An order that is not COMPLETED took no ${label}, or all that it owes exactly once.`,
    remedy: `A step took effect twice or in part: correct the ${label}, and report the bug.`,
  })),
  'given-back-after-cancel': {
    sentence: 'An unfinished order gave back only what it took, and only once it was to CANCEL.',
    remedy: 'Do not complete this order: cancel it, and report the bug.',
  },
  'confirmed-after-complete': {
    sentence: 'An unfinished `tcc` order has taken something only once it was to COMPLETE.',
    remedy: 'Do not cancel this order before its ledger is right, and report the bug.',
  },
  'lock-in-one': {
    sentence: 'A `lock` order has moved nothing before its end: both are one transaction.',
    remedy: 'Do not place this order again: find out what moved, and who wrote its row by hand.',
  },
  ...each(participants.filter(keepsForCustomers), 'of-customer', ({ label }) => ({
    sentence: `An order moves ${label} of nobody but its customer's.`,
    remedy: `Give the other customer the ${label} back, and report the bug.`,
  })),
  ...each(participants, 'barrier', ({ label }) => ({
    sentence: `The ledger of ${label} moved exactly where the barrier says that a step was done.`,
    remedy: 'A later repeat would trust the barrier: make both agree before the order goes on.',
  })),
  'late-step-barred': {
    sentence: 'A CANCELLED order that was claimed is in each barrier: a late step takes nothing.',
    remedy: 'Leave the tombstones that are missing, by the runbook, before a late step comes.',
  },
  'branch-left-prepared': {
    sentence:
      'An ended XA order has a committed barrier row in each service: no branch is prepared.',
    remedy: 'Look for the branch with XA RECOVER, and end it as the order was decided.',
  },
  'reservation-left-open': {
    sentence: 'Nothing is reserved for an order that has ended, or that nobody has placed.',
    remedy: 'Its confirm or cancel was lost: end the reservation as the order was decided.',
  },
  'heuristic-outcome': {
    sentence: 'No XA branch was ended against the decision of its order.',
    remedy: 'Somebody ended it by hand: make the books what the decision says, by the runbook.',
  },
  'registry-row-left-open': {
    sentence: 'A compensation is registered as PENDING for none but an unfinished order.',
    remedy: 'See whether the ledger shows the compensation; if it does, mark the row DONE.',
  },
  'row-without-order': {
    sentence: 'Every row of a ledger, a barrier and the registry belongs to an order.',
    remedy: 'An order row was deleted, or somebody wrote by hand: restore it from a backup.',
  },
  'stuck-order': {
    sentence:
      'An unfinished order has an open workflow or an event under way, or is PENDING and says ' +
      'what it waits for.',
    remedy: 'Adoption should have found it: see whether its schedule and the workers run.',
  },
  'waits-for': {
    sentence: 'What a PENDING order says that it waits for has an open alert or registry row.',
    remedy: 'Resolve the order with `retry`: what then still keeps it is recorded anew.',
  },
  'outbox-drained': {
    sentence: 'What a service has said is sent within the limit.',
    remedy: "Its relay is in the service's worker: see whether that and Temporal run, and its log.",
  },
  overdue: {
    sentence: 'Nothing stays unfinished longer than the limit.',
    remedy: "See the order's alert or registry row for what it waits for, and resolve it.",
  },
  'recovery-overdue': {
    sentence: 'Recovery looks for work, and a kind that has work ends a run, within five minutes.',
    remedy: "See the schedule `recover-orders` and the kind's run in Temporal, and the workers.",
  },
  ...each(participants, 'balance', ({ label, books }) => ({
    sentence: `A ${books.holder}'s available and reserved ${label} are opening, ledger and bookings.`,
    remedy: 'It was written by hand: book what was delivered or given; else see the runbook.',
  })),
  'balance-missing': {
    sentence: 'Whatever a ledger names has a balance, or was closed with nothing left.',
    remedy: 'Bring the row back, or book that it was closed and what became of the rest.',
  },
  'negative-balance': {
    sentence: 'No balance is negative.',
    remedy: "The table's CHECK is gone or was not enforced: put it back, then correct the row.",
  },
  'reserved-by-orders': {
    sentence: 'What is reserved of a balance is the sum of its open reservations.',
    remedy: 'The balance or a reservation was written by hand: the barrier says what was tried.',
  },
  'reserved-at-rest': {
    sentence: 'Nothing is reserved while no order is being placed.',
    remedy: 'A reservation was left behind: find its order in `reservations`, and resolve it.',
  },
} satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;

/** All rules, in the order in which a report lists them. */
export const ruleIds = Object.keys(rules) as RuleId[];

/** Something that the auditor found to be wrong. */
export interface Violation {
  rule: RuleId;
  /**
   * The order at fault. A wrong sum has no culprit of its own: it names an order that breaks
   * another rule over the same balance, or else the last one in the ledger to touch it, as a place
   * to start; null when no order ever has.
   */
  orderId: string | null;
  detail: string;
}
