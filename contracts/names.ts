/** Names that processes must agree on. */
import type { ParticipantName } from './participants';

/** A participant's task queue has the participant's name. */
export const taskQueues = { workflow: 'workflow', order: 'order', lock: 'lock' } as const;

/**
 * The task queue of what ends a participant's XA branches, apart from what waits for their locks:
 * behind as many prepares as a worker takes, each waiting for a row of a prepared branch, its commit
 * would wait for them.
 */
export function branchQueueOf(participant: ParticipantName): string {
  return `${participant}-branches`;
}

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
