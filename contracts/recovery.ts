/**
 * Recovery: what ends work that no workflow drives any more. One schedule looks for all kinds of
 * it, and starts a run of a kind only where that kind has something to do, so that at rest
 * Temporal lists orders and not housekeeping. A run owns nothing: whatever ends it, the next look
 * starts another, and what was half done is found again.
 */
import type { StepTiming } from './limits';
import { workflowTypes } from './names';
import type { AdoptedOrder, Pattern, PlacedOrder } from './order';
import type { CompensationStep } from './participants';

export const recoveryKinds = ['adoption', 'drain', 'force', 'scan', 'sweep'] as const;
export type RecoveryKind = (typeof recoveryKinds)[number];

interface Recovery {
  /** For which pattern's orders, as it is shown and searched. */
  pattern: Pattern | 'all';
  workflowType: string;
  /** There is one run of a kind at a time, and this is its workflow id. */
  workflowId: string;
  /** What it does, as the Temporal UI says it. */
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

/** How old each kind's work must be; younger work is still being driven. */
export interface RecoveryAges {
  adoptAfterMs: number;
  forceAfterMs: number;
  scanAfterMs: number;
  sweepAfterMs: number;
}

/** What the workflow worker's process is told of recovery; a run asks for it as it begins. */
export interface RecoverySettings {
  timing: StepTiming;
  ages: RecoveryAges;
  /** An undecided branch of this age has nobody who is about to decide. */
  scanCancelAfterMs: number;
  runbooksUrl?: string;
}

/** Whether each kind has something to do; a kind whose services could not be asked is left out. */
export type LookResult = Partial<Record<RecoveryKind, boolean>>;

export type FindWork = (ages: RecoveryAges) => Promise<RecoveryKind[]>;

/** What only the workflow worker itself can answer, whatever the placement. */
export interface SettingsActivities {
  /**
   * The settings of the process that runs this. They are asked for and not stored with the
   * schedule, so that a new placement holds from the first run after the restart.
   */
  recoverySettings(): Promise<RecoverySettings>;
}

/** A look, or a kind of recovery, that has had work for too long without ending a run. */
export interface OverdueRecovery {
  /** `look` is the look for all kinds. */
  kind: RecoveryKind | 'look';
  /** Since when, in milliseconds, by the order database's clock. */
  forMs: number;
}

/** The look is due every minute; longer than this without one, or without a kind's end, is trouble. */
export const recoveryOverdueMs = 300_000;

/** A row of the registry, in the order in which rows are due. */
export interface DuePosition {
  /** As the database writes it, to the microsecond. */
  dueAt: string;
  orderId: string;
}

/** Which due rows are asked for: of one compensation, from after a row on. */
export interface DueQuery {
  step: CompensationStep;
  after: DuePosition | null;
  limit: number;
}

/** A page of the registry's due rows. */
export interface DueCompensations {
  /** What is to be given back, oldest first. */
  orders: PlacedOrder[];
  /** The last row of this page; null when no row is due after it. */
  last: DuePosition | null;
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
  pattern: Pattern;
  lines: number;
}

/** Which owners are looked at: `limit` at a time, from after `afterOwner` on. */
export interface OrphanQuery {
  olderThanMs: number;
  afterOwner: string;
  limit: number;
}

/** The orphans of the first owners that have any. */
export interface FoundOrphans {
  orphans: Orphan[];
  /** Where to go on; null when every owner has been looked at. */
  lastOwner: string | null;
}

/** What recovery asks of the order service. */
export interface OrderRecovery {
  /** The registry's due rows, oldest first, `limit` at most. */
  dueCompensations(query: DueQuery): Promise<DueCompensations>;
  /**
   * Marks rows done, and the order CANCELLED with its last one; sets back those that failed. An
   * order whose row another session holds is skipped: its row stays due, and is tried again.
   */
  recordCompensations(results: CompensationResult[]): Promise<void>;
  /**
   * Orders PLACING or PENDING whose owner is no open workflow and has had them for `olderThanMs`
   * by the database's clock.
   */
  findOrphans(query: OrphanQuery): Promise<FoundOrphans>;
  /**
   * Swaps the owner of each with a compare-and-set, and answers those that are the new owner's.
   * Left out are an order that somebody else was faster to adopt, and one whose row is held.
   */
  adoptOrder(orphans: Orphan[], newOwner: string): Promise<AdoptedOrder[]>;
  /** The kinds of recovery that have something to do in the order service. */
  findOrderWork: FindWork;
  /** Records that a look has ended, and what it found. */
  noteLook(found: LookResult): Promise<void>;
  /** Records that a run of this kind has ended. */
  noteRecovery(kind: RecoveryKind): Promise<void>;
}
