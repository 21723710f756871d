/** Names that processes must agree on. */

export const taskQueues = {
  workflow: 'workflow',
  order: 'order',
  product: 'product',
  point: 'point',
} as const;

export const scheduleIds = {
  drain: 'drain-compensations',
  adoption: 'adopt-orders',
} as const;

/** Workflow types, as the Temporal UI shows them. */
export const workflowTypes = {
  placeOrders: 'placeOrders',
  drainCompensations: 'drainCompensations',
  adoptOrders: 'adoptOrders',
} as const;
