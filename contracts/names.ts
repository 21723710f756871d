/** Names that processes must agree on. */

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

/** The one schedule: it looks for work of every kind of recovery. */
export const recoveryScheduleId = 'recover-orders';

/** The type of the failure of a local activity that the process does not have. */
export const stepNotHere = 'step-not-in-this-process';

/** Workflow types, as the Temporal UI shows them. */
export const workflowTypes = {
  placeOrders: 'placeOrders',
  placeByLock: 'placeByLock',
  placeByXa: 'placeByXa',
  placeByTcc: 'placeByTcc',
  placeByChoreography: 'placeByChoreography',
  deliverEvent: 'deliverEvent',
  recoverOrders: 'recoverOrders',
  drainCompensations: 'drainCompensations',
  adoptOrders: 'adoptOrders',
  scanBranches: 'scanBranches',
  forceConfirmations: 'forceConfirmations',
  sweepReservations: 'sweepReservations',
  resolveOrder: 'resolveOrder',
} as const;
