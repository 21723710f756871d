/** Inputs and results of the workflows, so that whoever starts one need not import it. */
import type { StepTiming } from './limits';
import type { PlacedOrder } from './order';

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
