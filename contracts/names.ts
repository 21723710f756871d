/** Names that processes must agree on. */
import type { ParticipantName, Service } from './participants';

/** A participant's task queue has the participant's name. */
export const taskQueues = { workflow: 'workflow', order: 'order', lock: 'lock' } as const;

/**
 * The task queue for ending a participant's XA branches. It is separate because prepares may fill
 * every slot of the participant's own queue while they wait for a branch's locks; the commit that
 * releases those locks must not queue behind them.
 */
export function branchQueueOf(participant: ParticipantName): string {
  return `${participant}-branches`;
}

/**
 * The task queue for steps that wait for locked rows, with slots of its own. Steps of orders that
 * wait for nobody never queue behind them.
 */
export function waitingQueueOf(service: ParticipantName | 'lock'): string {
  return `${service}-waiting`;
}

/** All task queues that a process with this service serves. */
export function queuesOf(service: Service | 'lock' | 'workflow'): string[] {
  const { workflow, order, lock } = taskQueues;
  if (service === workflow || service === order) return [service];
  if (service === lock) return [service, waitingQueueOf(service)];
  return [service, branchQueueOf(service), waitingQueueOf(service)];
}

/** The only schedule. It looks for work of every kind of recovery. */
export const recoveryScheduleId = 'recover-orders';

/** The failure type when a process does not have the local activity. */
export const stepNotHere = 'step-not-in-this-process';

/** The workflow types, as the Temporal UI shows them. */
export const workflowTypes = {
  placeOrders: 'placeOrders',
  placeByLock: 'placeByLock',
  placeByXa: 'placeByXa',
  placeByTcc: 'placeByTcc',
  placeByChoreography: 'placeByChoreography',
  deliverEvents: 'deliverEvents',
  recoverOrders: 'recoverOrders',
  drainCompensations: 'drainCompensations',
  adoptOrders: 'adoptOrders',
  scanBranches: 'scanBranches',
  forceConfirmations: 'forceConfirmations',
  sweepReservations: 'sweepReservations',
  resolveOrder: 'resolveOrder',
} as const;
