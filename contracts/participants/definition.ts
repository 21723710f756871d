/**
 * What a participant is: a service that takes something for an order, and gives it back. A
 * definition is data and pure functions. Its activities, worker, database, users, events, audit
 * rules and matrix steps are derived from it.
 */
import type { PlacedOrder } from '../order';

/** What a command is about. */
export interface Keyed {
  orderId: string;
}

/** What one order takes from one balance: a whole number above zero. */
export interface Movement {
  /** The balance's key. */
  id: string;
  amount: number;
}

/** A table of balances and the append-only ledger beside it. */
export interface Books {
  balances: string;
  ledger: string;
  /** The column of both tables that names the balance. */
  key: string;
  /** The ledger's column of signed amounts. */
  amount: string;
  /** The ledger's word for taking. */
  taking: string;
  /** The ledger's word for giving back. */
  returning: string;
  /** The words for what moves a balance and is no order's: a delivery, a loss. */
  bookings: { add: string; remove: string };
  /** What one balance belongs to, as a report calls it. */
  holder: string;
}

/** The names of its steps: activity types and the keys of its barrier, so they never change. */
export interface ParticipantSteps {
  saga: { action: string; compensation: string };
  tcc: {
    try: string;
    confirm: string;
    cancel: string;
    freeze: string;
    thaw: string;
    aged: string;
  };
  xa: { prepare: string; commit: string; rollback: string; find: string };
  /** Says which kinds of recovery have something to do here. */
  findWork: string;
}

/** The events with which it answers OrderPlaced and OrderCancelled. */
export interface ParticipantEvents {
  taken: string;
  rejected: string;
  /** Nothing of this order is taken, and nothing ever will be. */
  notTaken: string;
  givenBack: string;
}

/** One participant. `C` is what it is told of an order: its own part and nothing else. */
export interface Participant<C extends Keyed = Keyed> {
  /** Names its database, users, task queues and process. */
  name: string;
  /** What it takes, as rules and reports call it. */
  label: string;
  command(this: void, order: PlacedOrder): C;
  /** What the command takes, at most one movement for each balance. */
  owes(this: void, command: C): Movement[];
  /** The command that reserved this: `owes` backwards. */
  commandOf(this: void, orderId: string, reserved: readonly Movement[]): C;
  /**
   * What a repeat of a command must have in common with it, as JSON. Its hash is stored, so that a
   * change of form would break open orders.
   */
  content(this: void, command: C): unknown;
  books: Books;
  /**
   * A balance that does not exist is a fault of ours with this code; with null there is nothing to
   * take from, and the order is rejected.
   */
  unknown: string | null;
  /** The code for an order that asks for more than there is, and the words for its caller. */
  rejection: { code: string; title: string; advice: string };
  steps: ParticipantSteps;
  events: ParticipantEvents;
  /**
   * For one that was added later: workflows that began before ask the others only. The word is
   * stored in histories.
   */
  since?: string;
}

/** Checks a definition, and keeps its words as types. */
export function defineParticipant<const P extends Participant>(participant: P): P {
  return participant;
}
