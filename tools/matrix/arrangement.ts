import type { Injection } from './injection';

/**
 * How an order comes to where a step is made that no ordinary placing makes, and from there to its
 * end. Each is called where it is needed only; the steps of such a scenario are those that resume.
 */
export interface Arrangement {
  /** Before the order is placed, for what must be watched from the beginning; resolves when it is so far. */
  begins?: (cell: Injection) => Promise<void>;
  /** The order is PENDING, and what is owed still fails: keeps others away who would end it. */
  holdsOff?: (cell: Injection) => Promise<void>;
  /** The order waits. */
  waits?: (cell: Injection) => Promise<void>;
  /** The windows are open: sets going what makes the step. */
  go?: (cell: Injection) => Promise<void>;
  /** The fault was made: waits until the step's maker is through, and lets the others come. */
  letGo?: (cell: Injection) => Promise<void>;
}
