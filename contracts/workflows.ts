/** Inputs and results of the workflows, so that whoever starts one need not import it. */
import type { OrderEvent } from './events';
import type { StepTiming } from './limits';
import type { PlacedOrder, Service } from './order';
import type { Release } from './deliveries';
import type { ResolutionOutcome, ResolutionRequest } from './reservations';

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

export interface DrainInput {
  timing: StepTiming;
  /** Registry rows a run, at most. */
  limit: number;
  runbooksUrl?: string;
}

export interface DrainResult {
  madeGood: number;
  failed: number;
}

export interface AdoptInput {
  timing: StepTiming;
  /** Longer than any worker's restart, or orders would be taken from a workflow about to begin. */
  olderThanMs: number;
  /** Owners asked about at once. */
  limit: number;
  /** Given to the workflows that it starts. */
  runbooksUrl?: string;
}

export interface AdoptResult {
  adopted: number;
}

export interface ScanInput {
  timing: StepTiming;
  /** Younger branches are being driven; nothing is wrong with them. */
  olderThanMs: number;
  /** Longer than both prepares may take: then nobody is about to decide. */
  cancelAfterMs: number;
  /** Branches of each participant a run, at most. */
  limit: number;
  runbooksUrl?: string;
}

/** Of the two schedules of TCC: what has waited for so long is looked at. */
export interface AgedInput {
  timing: StepTiming;
  olderThanMs: number;
  /** Orders at a time. */
  limit: number;
  runbooksUrl?: string;
}

/** Counts of our own branches; what is others' is only listed. */
export interface ScanResult {
  ended: number;
  failed: number;
  heuristic: number;
  others: number;
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
