/**
 * A participant is a service that takes something for an order and can give it back. A definition
 * is data and pure functions. The participant's activities, worker, database, users, events, audit
 * rules and matrix steps are derived from it.
 */
import type { PlacedOrder } from '../order';

/** The order that a command is about. */
export interface Keyed {
  orderId: string;
}

/** What one order takes from one balance. The amount is a whole number above zero. */
export interface Movement {
  /** The balance's key. */
  id: string;
  amount: number;
}

/** A table of balances and its append-only ledger. */
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
  /** The ledger's words for changes that belong to no order, such as a delivery or a loss. */
  bookings: { add: string; remove: string };
  /** What a balance belongs to, as reports name it. */
  holder: string;
}

/** The names of the steps. They are activity types and barrier keys, so they never change. */
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
  /** Answers which kinds of recovery have work here. */
  findWork: string;
}

/** The events that reply to OrderPlaced and OrderCancelled. */
export interface ParticipantEvents {
  taken: string;
  rejected: string;
  /** Nothing was taken for this order, and nothing will be. */
  notTaken: string;
  givenBack: string;
}

/** One participant. `C` is its command: its own part of an order and nothing else. */
export interface Participant<C extends Keyed = Keyed> {
  /** The name of its database, users, task queues and process. */
  name: string;
  /** What it takes, as rules and reports name it. */
  label: string;
  command(this: void, order: PlacedOrder): C;
  /** What the command takes, at most one movement for each balance. */
  owes(this: void, command: C): Movement[];
  /** The command that made these reservations; the inverse of `owes`. */
  commandOf(this: void, orderId: string, reserved: readonly Movement[]): C;
  /**
   * The JSON content in which a repeat must equal the first command. Its hash is stored, so
   * changing the form would break open orders.
   */
  content(this: void, command: C): unknown;
  books: Books;
  /**
   * The code of the fault when a balance does not exist. With null a missing balance is empty, and
   * the order is rejected.
   */
  unknown: string | null;
  /** The code for an order that wants more than is available, and the text for its caller. */
  rejection: { code: string; title: string; advice: string };
  steps: ParticipantSteps;
  events: ParticipantEvents;
  /**
   * For a participant that was added later: workflows that began before it ask only the others.
   * Histories store this word.
   */
  since?: string;
}

/** Checks a definition and keeps its names as types. */
export function defineParticipant<const P extends Participant>(participant: P): P {
  return participant;
}
