import type { Service } from '../../contracts/participants';

/** A worker's own way to its databases. */
export type WorkerRole = Service | 'lock';

/** What an order is called in statements. */
export interface CellNames {
  orderId: string;
  /** Of its XA branches. */
  gtrid: string;
}

/** How a transaction of one order is known among all that pass. */
export interface TransactionMatcher {
  /** Whose database it is made in. */
  service: Service;
  /** Which worker makes it, and through which proxy; the service's own unless it says otherwise. */
  door?: WorkerRole;
  /** Its first statement. */
  enter: RegExp;
  /** Others of the order say the same later on: it is this one only where a transaction begins. */
  opens?: true;
  /** What of the order that statement names; its id unless this says otherwise. */
  names?: (of: CellNames) => string;
}

/** Through which proxy it goes. */
export function workerRoleOf({ door, service }: TransactionMatcher): WorkerRole {
  return door ?? service;
}
