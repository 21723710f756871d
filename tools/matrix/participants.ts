import { participants, type RegisteredParticipant } from '../../contracts/participants';
import type { TransactionMatcher } from './transaction-matcher';

/**
 * Who of the participants does what in the matrix. Where one stands for all it is the first, with
 * which every pattern begins; and what one is refused is given back by another.
 */

export type Participant = RegisteredParticipant;

export const first = participantAt(0);
/** The next to be asked where they are asked one after the other. */
export const second = participantAt(1);
export const others = participants.filter((one) => one !== first);
/** What ends with all of them ends with this one, in one transaction. */
export const last = participantAt(participants.length - 1);

/** The one whose refusal has this one give back what it took. */
export function otherThan(participant: Participant): Participant {
  return participant === first ? second : first;
}

/** The first statement of a participant's step: it takes its barrier row, and names the step. */
export function enterBarrier(step: string): RegExp {
  return new RegExp(`^INSERT INTO steps /\\* ${step} \\*/`);
}

/** A step of a participant's that begins at its barrier. */
export function atBarrier({ name }: Participant, step: string) {
  return { name: step, service: name, enter: enterBarrier(step) };
}

/** A step that fails until its order waits for it. */
export function owed({ name }: Participant, step: string): TransactionMatcher {
  return { service: name, enter: enterBarrier(step) };
}

/** That something was taken or given back. */
export function inLedger({ books }: Participant): RegExp {
  return new RegExp(books.ledger);
}

/** What several take, as a sentence says it. */
export function labelsOf(some: readonly Participant[]): string {
  return some.map(({ label }) => label).join(' and ');
}

function participantAt(index: number): Participant {
  const found = participants[index];
  if (!found) throw new Error('The matrix needs two participants, one of which may refuse');
  return found;
}
