/**
 * What the participants promise to the workflows. Every step takes one command an order and
 * answers one outcome for each, in the same order. The effect of an order and the record of it are
 * one local transaction. Repeating a step answers what was recorded the first time.
 */
import type { AlertKind } from './alerts';
import type { BrokenCode, FailureCode } from './failures';
import type { OrderRecovery } from './recovery';
import type { Decision, PlacedOrder } from './order';
import type { CompensationStep, RejectionCode } from './participants';
import type { AllCommands } from './participants/activities';
import type { AgedQuery, Resolution, ResolutionOutcome, ResolutionRequest } from './reservations';

/** The effect is there, once. */
export interface Done {
  kind: 'done';
}
/** The business said no; recorded, so that a repeat says no again. Nothing was taken. */
export interface Rejected {
  kind: 'rejected';
  code: RejectionCode;
}
/** The action came after its compensation. Nothing was taken, and nothing will be. */
export interface Cancelled {
  kind: 'cancelled';
}
/**
 * A bug or damaged data: this order needs an operator. Its neighbours went on. `detail` is the
 * name of the constraint or the column that was hit, where it was one; never the data.
 */
export interface Broken {
  kind: 'broken';
  code: BrokenCode;
  detail?: string;
}
/** Somebody holds this order's rows: nothing was done yet; ask again for it alone. */
export interface Locked {
  kind: 'locked';
}
/** TCC: an operator is about to cancel, so that nothing is confirmed now: ask again later. */
export interface Frozen {
  kind: 'frozen';
}
/**
 * TCC: too late. A cancel or a freeze of what is confirmed, or a freeze that a thaw or a newer
 * resolution has overtaken.
 */
export interface Refused {
  kind: 'refused';
}

/** Of what takes something: the saga's action, TCC's try, the baseline's transaction. */
export type ActionOutcome = Done | Rejected | Cancelled | Broken | Locked;
/** Of an XA prepare, which is asked for one order at a time, and waits for its rows. */
export type PrepareOutcome = Done | Rejected | Cancelled | Broken;
/** Of what gives back. */
export type CompensationOutcome = Done | Broken | Locked;
export type ConfirmOutcome = Done | Broken | Locked | Frozen;
export type CancelOutcome = Done | Broken | Locked | Refused;
export type FreezeOutcome = Done | Broken | Refused;
/** Of any step of a participant. */
export type StepOutcome = ActionOutcome | ConfirmOutcome | CancelOutcome;

export type Step<C, O = StepOutcome> = (commands: C[]) => Promise<O[]>;

/** What the baseline is told of an order: what all participants would be told. */
export type LockCommand = AllCommands;

/** Task queue `lock`: a process that reaches all three databases, which are on one server. */
export interface LockActivities {
  /**
   * Takes all parts of an order and ends it, in one transaction: `done` is an order
   * COMPLETED, `rejected` one CANCELLED for that reason, `cancelled` one that was to CANCEL before.
   */
  placeInOneTransaction: Step<LockCommand, ActionOutcome>;
}

export interface Verdict {
  orderId: string;
  decision: Decision;
  /** Why, for CANCEL. */
  reason?: FailureCode;
  /**
   * Nothing was taken, so that CANCEL ends the order at once: every participant has said so, or, by
   * `lock`, the order's row proves it.
   */
  nothingTaken?: boolean;
  /** COMPLETE is the decision alone: its effects are made after it, then `completeOrders`. */
  effectsFollow?: boolean;
}

/** A compensation that could not be made yet. */
export interface FailedCompensation {
  orderId: string;
  step: CompensationStep;
  error: string;
}

/** An order that an operator has to look at, and what an operator reads first. */
export interface BrokenOrder {
  orderId: string;
  code: BrokenCode;
  step: string;
  detail?: string;
}

/** An order that cannot go on by itself, and what an operator reads first. */
export interface TroubledOrder {
  orderId: string;
  kind: AlertKind;
  detail: string;
}

/** The decision that holds of an order; `unknown` where there is no such order. */
export type Decided = Decision | 'unknown';

/** What an order's row says to who asks what to do with a branch or a reservation. */
export type StandingDecision = Decision | 'undecided' | 'unknown';

/** Task queue `order`. */
export interface OrderActivities extends OrderRecovery {
  /**
   * Writes each verdict unless a decision stands already, and answers the decisions that hold, in
   * the same order; `unknown` for an order that does not exist, of which an operator is told.
   * COMPLETE also ends the order, in the same statement, unless its effects follow.
   */
  decideOrders(verdicts: Verdict[]): Promise<Decided[]>;
  /** The decisions that stand, in the same order; `unknown` where there is no such order. */
  readDecisions(orderIds: string[]): Promise<StandingDecision[]>;
  /** Ends orders decided CANCEL whose participants gave everything back. */
  closeOrders(orderIds: string[]): Promise<void>;
  /** Ends orders decided COMPLETE whose effects have all been made. */
  completeOrders(orderIds: string[]): Promise<void>;
  /**
   * Puts orders aside, PENDING, each with an alert; one that has ended is left alone. Of an order
   * that does not exist there is the alert alone.
   */
  alertOrders(troubled: TroubledOrder[]): Promise<void>;
  /** The reservations of these orders are ended: the alerts `reservation-held` are resolved. */
  resolveHeld(orderIds: string[]): Promise<void>;
  /** Puts orders with a broken step aside for an operator, with an alert. */
  holdOrders(broken: BrokenOrder[]): Promise<void>;
  /** Writes the registry rows, the orders' PENDING and an alert in one transaction. */
  registerCompensations(failed: FailedCompensation[]): Promise<void>;
  /** TCC: PENDING orders whose confirmation has been failing for so long, in the order of ids. */
  findUnconfirmed(query: AgedQuery): Promise<PlacedOrder[]>;
  /**
   * Puts a resolution on record and makes its workflow the owner of the order, in one transaction;
   * null when the order is not PENDING, which is put on record too.
   */
  openResolution(request: ResolutionRequest, workflowId: string): Promise<Resolution | null>;
  /** The order's newest resolution, 0 for none; null for who does not own the order any more. */
  lastResolution(orderId: string, owner: string): Promise<number | null>;
  /**
   * TCC: the only change that a decision may ever have, COMPLETE to CANCEL, once every reservation
   * of the order is frozen. Answers whether CANCEL holds.
   */
  overturnDecision(orderId: string, owner: string): Promise<boolean>;
  /** Puts on record what came of a resolution, and answers it. */
  closeResolution(workflowId: string, refused?: 'unsafe'): Promise<ResolutionOutcome>;
}
