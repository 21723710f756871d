/** Names that processes must agree on. */
import type { Pattern } from './order';

export const taskQueues = {
  workflow: 'workflow',
  order: 'order',
  product: 'product',
  point: 'point',
  lock: 'lock',
  /**
   * What ends XA branches, apart from what waits for their locks: behind as many prepares as a
   * worker takes, each waiting for a row of a prepared branch, its commit would wait for them.
   */
  productBranches: 'product-branches',
  pointBranches: 'point-branches',
} as const;

export const scheduleIds = {
  drain: 'drain-compensations',
  adoption: 'adopt-orders',
  branches: 'scan-branches',
  forcedConfirmation: 'force-confirmations',
  sweep: 'sweep-reservations',
} as const;

/** Workflow types, as the Temporal UI shows them. */
export const workflowTypes = {
  placeOrders: 'placeOrders',
  placeByLock: 'placeByLock',
  placeByXa: 'placeByXa',
  placeByTcc: 'placeByTcc',
  placeByChoreography: 'placeByChoreography',
  deliverEvent: 'deliverEvent',
  drainCompensations: 'drainCompensations',
  adoptOrders: 'adoptOrders',
  scanBranches: 'scanBranches',
  forceConfirmations: 'forceConfirmations',
  sweepReservations: 'sweepReservations',
  resolveOrder: 'resolveOrder',
} as const;

/** The workflow that drives the orders of each pattern. */
export const orderWorkflows: Record<Pattern, string> = {
  lock: workflowTypes.placeByLock,
  xa: workflowTypes.placeByXa,
  tcc: workflowTypes.placeByTcc,
  saga: workflowTypes.placeOrders,
  choreography: workflowTypes.placeByChoreography,
};
