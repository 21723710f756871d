/**
 * What the participants promise to the workflows. Every step takes one command per order and
 * answers one outcome for each, in the same order. One local transaction holds an order's effect
 * and its record. A repeated step answers the recorded outcome.
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
/** A business rule refused it; nothing was taken. Recorded, so a repeat gets the same answer. */
export interface Rejected {
  kind: 'rejected';
  code: RejectionCode;
}
/** The action came after its compensation. Nothing was taken, and nothing will be. */
export interface Cancelled {
  kind: 'cancelled';
}
/**
 * A bug or damaged data: this order needs an operator. The other orders of the batch went on.
 * `detail` names the violated constraint or column, if there is one, and never the data.
 */
export interface Broken {
  kind: 'broken';
  code: BrokenCode;
  detail?: string;
}
/**
 * Another session has locked this order's rows. Nothing was done; the workflow asks again, together
 * with the other orders that are held up.
 */
export interface Locked {
  kind: 'locked';
}
/** TCC: an operator's resolution has frozen the order. Nothing was confirmed; retry later. */
export interface Frozen {
  kind: 'frozen';
}
/**
 * TCC: too late. The order is confirmed already, or a thaw or a newer resolution has superseded the
 * freeze.
 */
export interface Refused {
  kind: 'refused';
}

/**
 * Outcomes of steps that take something: the saga's action, TCC's try, the pattern lock's
 * transaction.
 */
export type ActionOutcome = Done | Rejected | Cancelled | Broken | Locked;
/** Outcomes of an XA prepare, which handles one order. */
export type PrepareOutcome = Done | Rejected | Cancelled | Broken | Locked;
/** Outcomes of steps that give back. */
export type CompensationOutcome = Done | Broken | Locked;
export type ConfirmOutcome = Done | Broken | Locked | Frozen;
export type CancelOutcome = Done | Broken | Locked | Refused;
export type FreezeOutcome = Done | Broken | Refused;
/** Outcomes of any step of a participant. */
export type StepOutcome = ActionOutcome | ConfirmOutcome | CancelOutcome;

/**
 * What a step does about a row that another session has locked. `tell`: it answers `locked` at once.
 * `wait`: it waits for the row, about a second, and then answers `locked`. A step that waits runs in
 * slots of its own, so that orders without such rows never queue behind it.
 */
export type WhenHeld = 'tell' | 'wait';

/** Waits for locked rows unless it is told otherwise. */
export type Step<C, O = StepOutcome> = (commands: C[], whenHeld?: WhenHeld) => Promise<O[]>;

/** The pattern lock's command: the commands of all participants together. */
export type LockCommand = AllCommands;

/** Task queue `lock`: a process that reaches all databases on one server. */
export interface LockActivities {
  /**
   * Takes all parts of an order and ends it, in one transaction. `done`: the order is COMPLETED.
   * `rejected`: it is CANCELLED for that reason. `cancelled`: CANCEL was decided before.
   */
  placeInOneTransaction: Step<LockCommand, ActionOutcome>;
}

export interface DecisionRequest {
  orderId: string;
  decision: Decision;
  /** The reason for CANCEL. */
  reason?: FailureCode;
  /**
   * Nothing was taken, so CANCEL ends the order at once. Every participant has confirmed it, or,
   * for the pattern lock, the order's row proves it.
   */
  nothingTaken?: boolean;
  /** COMPLETE is only the decision: its effects follow, then `completeOrders`. */
  effectsFollow?: boolean;
}

/** A compensation that has not succeeded yet. */
export interface FailedCompensation {
  orderId: string;
  step: CompensationStep;
  error: string;
}

/** An order with a broken step, and the text of its alert. */
export interface BrokenOrder {
  orderId: string;
  code: BrokenCode;
  step: string;
  detail?: string;
}

/** An order that cannot continue by itself, and its alert. */
export interface TroubledOrder {
  orderId: string;
  kind: AlertKind;
  detail: string;
}

/** An order's decision; `unknown` if the order does not exist. */
export type Decided = Decision | 'unknown';

/** An order's decision, for ending a branch or a reservation. */
export type StandingDecision = Decision | 'undecided' | 'unknown';

/** Task queue `order`. */
export interface OrderActivities extends OrderRecovery {
  /**
   * Writes each verdict unless the order is decided already, and answers the decisions, in the same
   * order. An order that does not exist is `unknown`, and raises an alert. COMPLETE also ends the
   * order in the same statement, unless its effects follow.
   */
  decideOrders(verdicts: DecisionRequest[]): Promise<Decided[]>;
  /** The orders' decisions, in the same order; `unknown` if an order does not exist. */
  readDecisions(orderIds: string[]): Promise<StandingDecision[]>;
  /** Ends CANCEL orders whose participants have given everything back. */
  closeOrders(orderIds: string[]): Promise<void>;
  /** Ends COMPLETE orders whose effects have all been made. */
  completeOrders(orderIds: string[]): Promise<void>;
  /**
   * Sets orders to PENDING and raises an alert for each. Leaves ended orders alone. If the order
   * does not exist, only the alert is written.
   */
  alertOrders(troubled: TroubledOrder[]): Promise<void>;
  /** Resolves the alerts `reservation-held` of orders whose reservations have ended. */
  resolveHeld(orderIds: string[]): Promise<void>;
  /** Sets orders with a broken step to PENDING, with an alert for an operator. */
  holdOrders(broken: BrokenOrder[]): Promise<void>;
  /** Writes the registry rows, sets the orders to PENDING and raises alerts, in one transaction. */
  registerCompensations(failed: FailedCompensation[]): Promise<void>;
  /** TCC: PENDING orders whose confirmation has failed for this long, ordered by id. */
  findUnconfirmed(query: AgedQuery): Promise<PlacedOrder[]>;
  /**
   * Records a resolution and makes its workflow the order's owner, in one transaction. Null if the
   * order is not PENDING; that is recorded too.
   */
  openResolution(request: ResolutionRequest, workflowId: string): Promise<Resolution | null>;
  /** The order's latest resolution number, 0 for none; null if `owner` no longer owns the order. */
  lastResolution(orderId: string, owner: string): Promise<number | null>;
  /**
   * TCC: changes COMPLETE to CANCEL once every reservation of the order is frozen, the only change
   * that a decision may have. Answers whether CANCEL holds.
   */
  overturnDecision(orderId: string, owner: string): Promise<boolean>;
  /** Records the outcome of a resolution, and answers it. */
  closeResolution(workflowId: string, refused?: 'unsafe'): Promise<ResolutionOutcome>;
}
