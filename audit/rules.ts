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

/** Whether each of the participant's balances belongs to a customer. */
export function keepsForCustomers(
  participant: RegisteredParticipant,
): participant is RegisteredParticipant & { label: CustomersLabel } {
  return participant.books.holder === 'customer';
}

/** One rule per participant, named after what it takes. */
function each<L extends string, S extends string>(
  judged: readonly (RegisteredParticipant & { label: L })[],
  suffix: S,
  ruleOf: (participant: RegisteredParticipant) => Rule,
): Record<`${L}-${S}`, Rule> {
  const named = judged.map((one) => [`${one.label}-${suffix}`, ruleOf(one)] as const);
  return Object.fromEntries(named) as Record<`${L}-${S}`, Rule>;
}

/**
 * Everything that the auditor proves: each rule's stable name, its sentence, and what an operator
 * does about a violation. The names are part of the interface: `--json` and alerts contain them.
 * order-checks.ts judges single orders, balances.ts judges sums, and recheck.ts rechecks what
 * changed during the audit.
 */
export const rules = {
  'order-total': {
    sentence: "An order's total is the sum of quantity × unit price over its lines.",
    remedy: 'Neither changes after creation. Find out who changed the order database by hand.',
  },
  'order-decision': {
    sentence:
      'A COMPLETED order is decided COMPLETE, a CANCELLED one CANCEL, a CREATED one not at all.',
    remedy: 'Find out who changed the order row by hand. The ledgers show what really happened.',
  },
  'created-untouched': {
    sentence: 'A CREATED order has moved nothing.',
    remedy:
      'A step ran without a claim of the order. Do not place the order before the cause is known.',
  },
  ...each(participants, 'taken-once', ({ label, books }) => ({
    sentence: `A COMPLETED order took the ${label} that it owes, once, and gave none back.`,
    remedy: `Compare the order with ${books.ledger} and steps, then correct the ${label}.`,
  })),
  ...each(participants, 'given-back', ({ label }) => ({
    sentence: `A CANCELLED order gave back exactly the ${label} that it took.`,
    remedy: `Something was lost or given back twice. Correct the ${label} by the ledger of this order.`,
  })),
  ...each(participants, 'all-or-none', ({ label }) => ({
    sentence: `An order that is not COMPLETED took no ${label}, or all that it owes exactly once.`,
    remedy: `A step took effect twice or partly. Correct the ${label}, and report the bug.`,
  })),
  'given-back-after-cancel': {
    sentence: 'An unfinished order gave back only what it took, and only after CANCEL was decided.',
    remedy: 'Do not complete this order. Cancel it, and report the bug.',
  },
  'confirmed-after-complete': {
    sentence: 'An unfinished `tcc` order took something only after COMPLETE was decided.',
    remedy: 'Correct the ledger before you cancel this order, and report the bug.',
  },
  'lock-in-one': {
    sentence: 'A `lock` order moves nothing before it ends, because both are one transaction.',
    remedy: 'Do not place this order again. Find out what moved, and who changed its row by hand.',
  },
  ...each(participants.filter(keepsForCustomers), 'of-customer', ({ label }) => ({
    sentence: `An order moves only its own customer's ${label}.`,
    remedy: `Give the ${label} back to the other customer, and report the bug.`,
  })),
  ...each(participants, 'barrier', ({ label }) => ({
    sentence: `The ledger of ${label} moved exactly where the barrier records a step as done.`,
    remedy: 'A repeat would trust the barrier. Make both agree before the order continues.',
  })),
  'late-step-barred': {
    sentence:
      'A CANCELLED order that was claimed has a row in each barrier, so a late step takes nothing.',
    remedy: 'Write the missing tombstones, by the runbook, before a late step comes.',
  },
  'branch-left-prepared': {
    sentence:
      'An ended XA order has a committed barrier row in each service, so no branch is prepared.',
    remedy: 'Find the branch with XA RECOVER, and end it by the decision of its order.',
  },
  'reservation-left-open': {
    sentence: 'Nothing is reserved for an order that has ended or was never placed.',
    remedy: 'Its confirm or cancel was lost. End the reservation by the decision of its order.',
  },
  'heuristic-outcome': {
    sentence: 'No XA branch was ended against the decision of its order.',
    remedy: 'Someone ended it by hand. Correct the books to match the decision, by the runbook.',
  },
  'registry-row-left-open': {
    sentence: 'Only an unfinished order has a PENDING compensation in the registry.',
    remedy: 'Check whether the ledger shows the compensation. If so, mark the row DONE.',
  },
  'row-without-order': {
    sentence: 'Every row of a ledger, a barrier and the registry belongs to an order.',
    remedy: 'An order row was deleted, or someone wrote rows by hand. Restore it from a backup.',
  },
  'stuck-order': {
    sentence:
      'An unfinished order has an open workflow or an event in flight, or is PENDING and says ' +
      'what it waits for.',
    remedy: 'Adoption should have found it. Check that the schedule and the workers run.',
  },
  'waits-for': {
    sentence: 'A PENDING order has an open alert or registry row for what it says it waits for.',
    remedy: 'Resolve the order with `retry`, which records anew what it waits for.',
  },
  'outbox-drained': {
    sentence: 'A service sends its events within the limit.',
    remedy: "The relay runs in the service's worker. Check that worker, its log, and Temporal.",
  },
  overdue: {
    sentence: 'Nothing stays unfinished longer than the limit.',
    remedy: "The order's alert or registry row shows what it waits for. Resolve that.",
  },
  'recovery-overdue': {
    sentence:
      'Recovery looks for work, and a kind that has work completes a run, within five minutes.',
    remedy: "Check the schedule `recover-orders` and the kind's run in Temporal, and the workers.",
  },
  ...each(participants, 'balance', ({ label, books }) => ({
    sentence: `A ${books.holder}'s available and reserved ${label} add up to opening, ledger and bookings.`,
    remedy:
      'The balance was changed by hand. Book deliveries and gifts; otherwise see the runbook.',
  })),
  'balance-missing': {
    sentence: 'Everything that a ledger names has a balance, or was closed with nothing left.',
    remedy: 'Restore the row, or book its closing and the remaining amount.',
  },
  'negative-balance': {
    sentence: 'No balance is negative.',
    remedy: "The table's CHECK is missing or was not enforced. Restore it, then correct the row.",
  },
  'reserved-by-orders': {
    sentence: 'The reserved part of a balance is the sum of its open reservations.',
    remedy: 'The balance or a reservation was changed by hand. The barrier shows what was tried.',
  },
  'reserved-at-rest': {
    sentence: 'Nothing is reserved while no order is being placed.',
    remedy: 'A reservation was left behind. Find its order in `reservations`, and resolve it.',
  },
} satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;

/** All rules, in the order in which a report lists them. */
export const ruleIds = Object.keys(rules) as RuleId[];

/** A broken rule that the auditor has found. */
export interface Violation {
  rule: RuleId;
  /**
   * The faulty order. For a wrong sum this is an order that breaks another rule on the same
   * balance, or else the last order that changed the balance, as a starting point. Null if no order
   * ever changed it.
   */
  orderId: string | null;
  detail: string;
}
