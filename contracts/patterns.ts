/**
 * How the patterns differ, one row each. Code that treats patterns differently reads a column here;
 * no other file compares a pattern's name.
 */
import { workflowTypes } from './names';
import type { Pattern } from './order';

/** What the rest of the system knows about a pattern. */
export interface PatternRow {
  /** How the pattern makes the services' effects atomic, in a few words. */
  what: string;
  /** The type of the workflow that drives the pattern's orders. */
  workflow: string;
  /**
   * How a claimed order begins: in a shared workflow, in a workflow of its own, or by the event
   * that is written with the claim. In the last case the API answers the caller at once.
   */
  begins: 'with-others' | 'alone' | 'by-event';
  /**
   * When the ledgers change: in one transaction with the order's row (all databases on one server);
   * in branches that are committed after the decision; before the decision; or after COMPLETE, from
   * reservations.
   */
  moves: 'with-order' | 'in-branches' | 'before-decision' | 'after-complete';
  /**
   * Whether an operator may change COMPLETE to CANCEL while nothing is confirmed
   * (docs/decisions/0015).
   */
  mayBeOverturned: boolean;
}

export const patternRows: Readonly<Record<Pattern, PatternRow>> = {
  lock: {
    what: 'one local transaction over three databases on one server',
    workflow: workflowTypes.placeByLock,
    begins: 'with-others',
    moves: 'with-order',
    mayBeOverturned: false,
  },
  // Branches hold their locks until the decision, so orders in one workflow would block each other.
  xa: {
    what: 'prepared branches, then the decision',
    workflow: workflowTypes.placeByXa,
    begins: 'alone',
    moves: 'in-branches',
    mayBeOverturned: false,
  },
  tcc: {
    what: 'reservations, then the decision, then confirm or cancel',
    workflow: workflowTypes.placeByTcc,
    begins: 'with-others',
    moves: 'after-complete',
    mayBeOverturned: true,
  },
  saga: {
    what: 'immediate effects and compensations',
    workflow: workflowTypes.placeOrders,
    begins: 'with-others',
    moves: 'before-decision',
    mayBeOverturned: false,
  },
  choreography: {
    what: 'events from service to service; callers poll',
    workflow: workflowTypes.placeByChoreography,
    begins: 'by-event',
    moves: 'before-decision',
    mayBeOverturned: false,
  },
};
