/**
 * What the participants promise to the workflows. Every step takes one command an order and
 * answers one outcome for each, in the same order, from one local transaction. Repeating a step
 * answers what was recorded the first time.
 */
import type { BrokenCode, FailureCode, RejectionCode } from './failures';
import type { Decision, PlacedOrder } from './order';

/** What the product service is asked to take, or to give back, for one order. */
export interface StockCommand {
  orderId: string;
  lines: { productId: string; quantity: number }[];
}

/** What the point service is asked to take, or to give back, for one order. */
export interface PointCommand {
  orderId: string;
  customerId: string;
  points: number;
}

export type StepOutcome =
  /** The effect is there, once. */
  | { kind: 'done' }
  /** The business said no; recorded, so that a repeat says no again. Nothing was taken. */
  | { kind: 'rejected'; code: RejectionCode }
  /** The action came after its compensation. Nothing was taken, and nothing will be. */
  | { kind: 'cancelled' }
  /**
   * A bug or damaged data: this order needs an operator. Its neighbours went on. `detail` is the
   * name of the constraint or the column that was hit, where it was one; never the data.
   */
  | { kind: 'broken'; code: BrokenCode; detail?: string }
  /** Somebody holds this order's rows: nothing was done yet; ask again for it alone. */
  | { kind: 'locked' };

export type Step<C> = (commands: C[]) => Promise<StepOutcome[]>;

/** Task queue `product`. `restoreStock` is the compensation of `deductStock`. */
export interface ProductActivities {
  deductStock: Step<StockCommand>;
  restoreStock: Step<StockCommand>;
}

/** Task queue `point`. `refundPoints` is the compensation of `usePoints`. */
export interface PointActivities {
  usePoints: Step<PointCommand>;
  refundPoints: Step<PointCommand>;
}

/** The steps that the compensation registry may hold. */
export type CompensationStep = 'restoreStock' | 'refundPoints';

export interface Verdict {
  orderId: string;
  decision: Decision;
  /** Why, for CANCEL. */
  reason?: FailureCode;
  /** Both participants have reported that they took nothing, so CANCEL ends the order at once. */
  nothingTaken?: boolean;
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

/** A due row of the registry, with what is needed to make it good. */
export interface DueCompensation {
  order: PlacedOrder;
  step: CompensationStep;
}

export interface CompensationResult {
  orderId: string;
  step: CompensationStep;
  /** Absent when it was made good. */
  error?: string;
}

/** An order whose owner is no open workflow. */
export interface Orphan {
  orderId: string;
  owner: string;
}

/** Task queue `order`. */
export interface OrderActivities {
  /**
   * Writes each verdict unless a decision stands already, and answers the decisions that hold.
   * COMPLETE also ends the order, in the same statement.
   */
  decideOrders(verdicts: Verdict[]): Promise<Decision[]>;
  /** Ends orders decided CANCEL whose participants gave everything back. */
  closeOrders(orderIds: string[]): Promise<void>;
  /** Puts orders with a broken step aside for an operator, with an alert. */
  holdOrders(broken: BrokenOrder[]): Promise<void>;
  /** Writes the registry rows, the orders' PENDING and an alert in one transaction. */
  registerCompensations(failed: FailedCompensation[]): Promise<void>;
  /** The registry's due rows, oldest first, `limit` at most. */
  dueCompensations(limit: number): Promise<DueCompensation[]>;
  /** Marks rows done, and the order CANCELLED with its last one; sets back those that failed. */
  recordCompensations(results: CompensationResult[]): Promise<void>;
  /**
   * Orders PLACING or PENDING whose owner is no open workflow and has had them for `olderThanMs`
   * by the database's clock; `limit` owners are looked at, from after `afterOwner` on.
   */
  findOrphans(input: {
    olderThanMs: number;
    afterOwner: string;
    limit: number;
  }): Promise<{ orphans: Orphan[]; lastOwner: string | null }>;
  /** Swaps the owner with a compare-and-set; null when somebody else was first. */
  adoptOrder(orphan: Orphan, newOwner: string): Promise<PlacedOrder | null>;
}
