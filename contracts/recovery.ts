/**
 * Recovery finishes work that no workflow drives any more. One schedule looks for work of every
 * kind and starts a run only for kinds that have some. At rest, Temporal's list therefore shows
 * orders and no housekeeping. A run owns nothing: if it is terminated, the next look starts
 * another, which finds the unfinished work again.
 */
import type { StepTiming } from './limits';
import { workflowTypes } from './names';
import type { AdoptedOrder, Pattern, PlacedOrder } from './order';
import type { CompensationStep } from './participants';

export const recoveryKinds = ['adoption', 'drain', 'force', 'scan', 'sweep'] as const;
export type RecoveryKind = (typeof recoveryKinds)[number];

interface Recovery {
  /** The pattern whose orders it recovers, as shown and searched in the Temporal UI. */
  pattern: Pattern | 'all';
  workflowType: string;
  /** The run's workflow id. At most one run of a kind is open. */
  workflowId: string;
  /** What the run does, as the Temporal UI shows it. */
  does: string;
}

export const recoveries: Record<RecoveryKind, Recovery> = {
  adoption: {
    pattern: 'all',
    workflowType: workflowTypes.adoptOrders,
    workflowId: 'adopt-orders',
    does: 'adopts orders that no workflow drives',
  },
  drain: {
    pattern: 'saga',
    workflowType: workflowTypes.drainCompensations,
    workflowId: 'drain-compensations',
    does: 'retries compensations that are due',
  },
  force: {
    pattern: 'tcc',
    workflowType: workflowTypes.forceConfirmations,
    workflowId: 'force-confirmations',
    does: 'retries confirmations that failed',
  },
  scan: {
    pattern: 'xa',
    workflowType: workflowTypes.scanBranches,
    workflowId: 'scan-branches',
    does: 'ends abandoned XA branches',
  },
  sweep: {
    pattern: 'tcc',
    workflowType: workflowTypes.sweepReservations,
    workflowId: 'sweep-reservations',
    does: 'settles old reservations',
  },
};

/** The minimum age of each kind's work. A workflow still drives younger work. */
export interface RecoveryAges {
  adoptAfterMs: number;
  forceAfterMs: number;
  scanAfterMs: number;
  sweepAfterMs: number;
}

/** The workflow worker's settings for recovery. A run asks for them as it begins. */
export interface RecoverySettings {
  timing: StepTiming;
  ages: RecoveryAges;
  /** At this age no workflow is about to decide an undecided branch. */
  scanCancelAfterMs: number;
  runbooksUrl?: string;
}

/** Whether each kind has work. A kind whose services did not answer is absent. */
export type LookResult = Partial<Record<RecoveryKind, boolean>>;

export type FindWork = (ages: RecoveryAges) => Promise<RecoveryKind[]>;

/** Activities that the workflow worker itself runs in every placement. */
export interface SettingsActivities {
  /**
   * The settings of the process that runs this. The schedule does not store them, so a new
   * placement takes effect with the first run after a restart.
   */
  recoverySettings(): Promise<RecoverySettings>;
}

/** The look, or a kind of recovery, that has had work for too long without completing a run. */
export interface OverdueRecovery {
  /** `look` means the look for all kinds. */
  kind: RecoveryKind | 'look';
  /** For how long, in milliseconds by the order database's clock. */
  forMs: number;
}

/**
 * The look is due every minute. This long without a look, or without a completed run of a kind that
 * has work, is overdue.
 */
export const recoveryOverdueMs = 300_000;

/** A position among the registry's rows, ordered by due time. */
export interface DuePosition {
  /** As the database formats it, to the microsecond. */
  dueAt: string;
  orderId: string;
}

/** Selects due rows of one compensation, after a position. */
export interface DueQuery {
  step: CompensationStep;
  after: DuePosition | null;
  limit: number;
}

/** A page of the registry's due rows. */
export interface DueCompensations {
  /** The orders to compensate, oldest first. */
  orders: PlacedOrder[];
  /** The last row of this page; null if no more rows are due. */
  last: DuePosition | null;
}

export interface CompensationResult {
  orderId: string;
  step: CompensationStep;
  /** Absent if the compensation succeeded. */
  error?: string;
}

/** An order whose owner is not an open workflow. */
export interface Orphan {
  orderId: string;
  owner: string;
  pattern: Pattern;
  lines: number;
}

/** Selects owners: `limit` of them, after `afterOwner`. */
export interface OrphanQuery {
  olderThanMs: number;
  afterOwner: string;
  limit: number;
}

/** The orphans of the first owners that have some. */
export interface FoundOrphans {
  orphans: Orphan[];
  /** The owner to continue after; null if every owner was checked. */
  lastOwner: string | null;
}

/** The order service's activities for recovery. */
export interface OrderRecovery {
  /** The registry's due rows, oldest first, up to `limit`. */
  dueCompensations(query: DueQuery): Promise<DueCompensations>;
  /**
   * Marks rows done, marks the order CANCELLED with its last row, and delays failed rows. Skips an
   * order whose row another session has locked: its compensation stays due.
   */
  recordCompensations(results: CompensationResult[]): Promise<void>;
  /**
   * The PLACING or PENDING orders whose owner is not an open workflow and has owned them for
   * `olderThanMs` by the database's clock.
   */
  findOrphans(query: OrphanQuery): Promise<FoundOrphans>;
  /**
   * Replaces the owner of each order by compare-and-set, and answers the orders that the new owner
   * now has. Leaves out orders that another workflow adopted first or whose row is locked.
   */
  adoptOrder(orphans: Orphan[], newOwner: string): Promise<AdoptedOrder[]>;
  /** The kinds of recovery that have work in the order service. */
  findOrderWork: FindWork;
  /** Records that a look has ended, and what it found. */
  noteLook(found: LookResult): Promise<void>;
  /** Records that a run of this kind has ended. */
  noteRecovery(kind: RecoveryKind): Promise<void>;
}
