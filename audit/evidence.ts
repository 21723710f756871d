import type { PlacedOrder } from '../contracts/order';
import type { ParticipantName, RegisteredParticipant } from '../contracts/participants';
import type { Account, Movement } from './accounts';
import type { AuditedLine, AuditedOrder, OpenWork } from './orders';

/** Everything that is known about one order. */
export interface Evidence {
  order: AuditedOrder;
  lines: AuditedLine[];
  accounts: Record<ParticipantName, Account>;
  /** Its open registry rows. */
  openCompensations: OpenWork[];
}

/**
 * What placing the order takes from the participant. A total that a number cannot hold stays text,
 * because definitions pass amounts on unchanged. No digit is lost.
 */
export function owed(
  { order, lines }: Evidence,
  { command, owes }: RegisteredParticipant,
): Movement[] {
  const due = owes(command({ ...order, lines } as PlacedOrder));
  return due.map(({ id, amount }) => ({ id, amount: BigInt(amount) }));
}

/** Whether the order takes anything from the participant. */
export function concerns(evidence: Evidence, participant: RegisteredParticipant): boolean {
  const { taken, givenBack, reserved, branch } = evidence.accounts[participant.name];
  const held = [...taken, ...givenBack, ...reserved];
  return held.length > 0 || branch !== undefined || owed(evidence, participant).length > 0;
}

/** All movements of the participants for the order. */
export function moved({ accounts }: Evidence): Movement[] {
  return Object.values(accounts).flatMap(({ taken, givenBack }) => [...taken, ...givenBack]);
}

/** Whether both lists contain the same movements equally often. */
export function sameMovements(some: Movement[], others: Movement[]): boolean {
  if (some.length !== others.length) return false;
  const [left, right] = [some, others].map(sorted);
  return (left ?? []).every((movement, i) => compare(movement, right?.[i]) === 0);
}

/** Movements as a report shows them: `p-0001 × 2, p-0002 × 1`, or `nothing`. */
export function show(movements: Movement[]): string {
  if (movements.length === 0) return 'nothing';
  return sorted(movements)
    .map(({ id, amount }) => `${id} × ${String(amount)}`)
    .join(', ');
}

function sorted(movements: Movement[]): Movement[] {
  return movements.length < 2 ? movements : [...movements].sort(compare);
}

function compare(a: Movement, b: Movement | undefined): number {
  if (!b) return 1;
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  return a.amount === b.amount ? 0 : a.amount < b.amount ? -1 : 1;
}
