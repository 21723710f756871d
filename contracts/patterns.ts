/**
 * What tells the patterns apart, a row each. Whatever treats one pattern differently from another
 * reads a column here, so that no other file compares a pattern's name.
 */
import { workflowTypes } from './names';
import type { Pattern } from './order';

/** One pattern, as the rest of the system has to know it. */
export interface PatternRow {
  /** What makes the three services' effects one act, in a few words. */
  what: string;
  /** The type of the workflow that drives its orders. */
  workflow: string;
  /**
   * How a claimed order is begun: in a workflow with others, in one of its own, or by the event that
   * is written with the claim, after which its caller is answered at once.
   */
  begins: 'with-others' | 'alone' | 'by-event';
  /**
   * When the ledgers move: with the order's row, in one transaction, which needs all databases on
   * one server; in branches, which are committed after the decision; before the decision; or after
   * COMPLETE, from what was reserved.
   */
  moves: 'with-order' | 'in-branches' | 'before-decision' | 'after-complete';
  /** An operator may change COMPLETE to CANCEL while nothing is confirmed (docs/decisions/0015). */
  mayBeOverturned: boolean;
}

export const patternRows: Readonly<Record<Pattern, PatternRow>> = {
  lock: {
    what: 'one local transaction over three databases on one server',
    workflow: workflowTypes.placeByLock,
    begins: 'alone',
    moves: 'with-order',
    mayBeOverturned: false,
  },
  // Branches hold their locks until the decision: orders in one workflow would hold each other's.
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
    begins: 'alone',
    moves: 'after-complete',
    mayBeOverturned: true,
  },
  saga: {
    what: 'immediate effects and compensations; concurrent orders share a workflow',
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
