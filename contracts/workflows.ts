/** Inputs and results of the workflows. Code that starts a workflow need not import it. */
import type { OrderEvent } from './events';
import type { StepTiming } from './limits';
import type { PlacedOrder } from './order';
import type { Release } from './deliveries';
import type { ResolutionOutcome, ResolutionRequest } from './reservations';
import type { DuePosition } from './recovery';
import type { CompensationStep, ParticipantWords, Service } from './participants';

export interface PlaceOrdersInput {
  orders: PlacedOrder[];
  timing: StepTiming;
  /**
   * The base URL of the runbooks, for links in the workflow's details. Without it the details show
   * paths.
   */
  runbooksUrl?: string;
}

/** Counts; the orders' rows hold the outcomes. */
export interface PlaceOrdersResult {
  completed: number;
  cancelled: number;
  pending: number;
}

/** The input of every run of recovery. */
export interface RecoveryInput {
  timing: StepTiming;
  runbooksUrl?: string;
}

export interface DrainInput extends RecoveryInput {
  /** Registry rows per page. */
  limit: number;
  /** Where the previous run stopped for each compensation, and what it had done. */
  from?: { after: Partial<Record<CompensationStep, DuePosition | null>>; result: DrainResult };
}

export interface DrainResult {
  madeGood: number;
  failed: number;
}

export interface AdoptInput extends RecoveryInput {
  /**
   * Longer than any worker's restart; otherwise adoption would take orders from workflows about to
   * begin.
   */
  olderThanMs: number;
  /** Owners per page. */
  limit: number;
  /** Where the previous run stopped, and what it had done. */
  from?: { afterOwner: string; adopted: number };
}

export interface AdoptResult {
  adopted: number;
}

export interface ScanInput extends RecoveryInput {
  /** Younger branches have a workflow that drives them. */
  olderThanMs: number;
  /** Longer than both prepares may take: after this time no workflow is about to decide. */
  cancelAfterMs: number;
  /** Branches per page and participant. */
  limit: number;
  /** Where the previous run stopped at each participant, and what it had done. */
  from?: { after: Positions; result: ScanResult };
}

/** The last order checked at each participant; null if none is left. */
export type Positions = Partial<Record<ParticipantWords['label'], string | null>>;

/** The input of TCC's two kinds of recovery: they check work older than this. */
export interface AgedInput extends RecoveryInput {
  olderThanMs: number;
  /** Orders per page. */
  limit: number;
}

export interface ForceInput extends AgedInput {
  /** Where the previous run stopped, and what it had done. */
  from?: { afterOrder: string; result: ForceResult };
}

export interface SweepInput extends AgedInput {
  /** Where the previous run stopped at each participant, and what it had done. */
  from?: { after: Positions; result: SweepResult };
}

/** Counts of this installation's branches. Other branches are only listed. */
export interface ScanResult {
  ended: number;
  failed: number;
  heuristic: number;
  others: number;
  /** Participants that did not answer, and why. Their branches are not counted. */
  unasked?: string[];
}

export interface ForceResult {
  completed: number;
  /** Orders whose confirmation still fails, or that need an operator. */
  pending: number;
}

export interface SweepResult {
  confirmed: number;
  cancelled: number;
  /** Undecided, or the order service did not answer, or ending them failed. */
  held: number;
}

export interface ResolveInput extends ResolutionRequest {
  timing: StepTiming;
  runbooksUrl?: string;
}

export interface ResolveResult {
  outcome: ResolutionOutcome;
}

/** Events on their way to one subscriber. */
export interface DeliverEventsInput {
  events: OrderEvent[];
  subscriber: Service;
  timing: StepTiming;
  /** An operator releases the events, which are parked. */
  release?: Release;
  runbooksUrl?: string;
}

/** What came of the events of one delivery. */
export interface DeliverEventsResult {
  reacted: number;
  parked: number;
}
