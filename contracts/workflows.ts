/** Inputs and results of the workflows, so that the code that starts one need not import it. */
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
  /** Where the runbooks can be read, for links in the workflow's details; else their paths are. */
  runbooksUrl?: string;
}

/** Counts; the orders' rows hold the outcomes. */
export interface PlaceOrdersResult {
  completed: number;
  cancelled: number;
  pending: number;
}

/** What every run of recovery is given. */
export interface RecoveryInput {
  timing: StepTiming;
  runbooksUrl?: string;
}

export interface DrainInput extends RecoveryInput {
  /** Registry rows of a page, at most. */
  limit: number;
  /** Where the run before this one stopped, for each compensation, and what it had done. */
  from?: { after: Partial<Record<CompensationStep, DuePosition | null>>; result: DrainResult };
}

export interface DrainResult {
  madeGood: number;
  failed: number;
}

export interface AdoptInput extends RecoveryInput {
  /** Longer than any worker's restart, or orders would be taken from a workflow about to begin. */
  olderThanMs: number;
  /** Owners of a page. */
  limit: number;
  /** Where the run before this one stopped, and what it had done. */
  from?: { afterOwner: string; adopted: number };
}

export interface AdoptResult {
  adopted: number;
}

export interface ScanInput extends RecoveryInput {
  /** Younger branches are being driven; nothing is wrong with them. */
  olderThanMs: number;
  /** Longer than both prepares may take: then nobody is about to decide. */
  cancelAfterMs: number;
  /** Branches of a page of each participant. */
  limit: number;
  /** Where the run before this one stopped at each participant, and what it had done. */
  from?: { after: Positions; result: ScanResult };
}

/** The last order that was looked at, for each participant; null where none is left. */
export type Positions = Partial<Record<ParticipantWords['label'], string | null>>;

/** Of the two kinds of TCC: what has waited for so long is looked at. */
export interface AgedInput extends RecoveryInput {
  olderThanMs: number;
  /** Orders of a page. */
  limit: number;
}

export interface ForceInput extends AgedInput {
  /** Where the run before this one stopped, and what it had done. */
  from?: { afterOrder: string; result: ForceResult };
}

export interface SweepInput extends AgedInput {
  /** Where the run before this one stopped at each participant, and what it had done. */
  from?: { after: Positions; result: SweepResult };
}

/** Counts of our own branches; what is others' is only listed. */
export interface ScanResult {
  ended: number;
  failed: number;
  heuristic: number;
  others: number;
  /** Participants that did not say what they have, and why: what they hold is not counted. */
  unasked?: string[];
}

export interface ForceResult {
  completed: number;
  /** Those that fail still, or have to be looked at. */
  pending: number;
}

export interface SweepResult {
  confirmed: number;
  cancelled: number;
  /** Undecided, or the order service did not answer, or they could not be ended. */
  held: number;
}

export interface ResolveInput extends ResolutionRequest {
  timing: StepTiming;
  runbooksUrl?: string;
}

export interface ResolveResult {
  outcome: ResolutionOutcome;
}

/** One event on its way to one subscriber. */
export interface DeliverEventInput {
  event: OrderEvent;
  subscriber: Service;
  timing: StepTiming;
  /** An operator lets it be tried although it is parked. */
  release?: Release;
  runbooksUrl?: string;
}
