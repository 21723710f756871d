import { taskQueues, workflowTypes } from '../../contracts/names';
import type { ResolveInput } from '../../contracts/workflows';
import * as arrange from './arrange';
import type { Arrangement } from './arrangement';
import type { Injection } from './injection';
import { timing } from './orders';
import { first, second } from './participants';
import { until } from './until';

/** How orders of TCC come to an operator's resolution, and to the sweep. */

/** An operator cancels it, by the API. */
function operatorCancels(cell: Injection): Promise<void> {
  cell.operate((caller) => caller.resolve('cancel'));
  return Promise.resolve();
}

/** The workflow that the API would start, under an id that is known before it is begun. */
async function resolverCancels({ stack, subject }: Injection): Promise<void> {
  const { orderId } = subject;
  const input: ResolveInput = {
    orderId,
    action: 'cancel',
    reason: 'the failure matrix',
    operator: 'matrix',
    timing,
  };
  await stack.temporal.workflow.start(workflowTypes.resolveOrder, {
    workflowId: resolutionId(orderId),
    taskQueue: taskQueues.workflow,
    args: [input],
    staticSummary: `tcc: cancel of order ${orderId} by the matrix`,
  });
}

export function resolutionId(orderId: string): string {
  return `resolve-${orderId}`;
}

const afterwards = async (cell: Injection) => {
  await arrange.resolutionOver(cell);
  await arrange.letForce(cell);
};

/** What waits to be confirmed is cancelled by an operator; only then it is confirmed again. */
export const resolved: Arrangement = {
  holdsOff: arrange.holdOffForce,
  go: operatorCancels,
  letGo: afterwards,
};
export const resolvedByHand: Arrangement = { ...resolved, go: resolverCancels };

/** The resolution dies when it has frozen everything: the order's adopter has to thaw it. */
export const leftFrozen: Arrangement = {
  holdsOff: arrange.holdOffForce,
  async waits(cell) {
    const freezing = cell.watch(
      { service: second.name, enter: lockReservations, opens: true },
      { skip: 0, position: 'begin', times: 1 },
    );
    await operatorCancels(cell);
    const hit = await freezing.hit();
    await until(`the ${first.label} is frozen`, () => isReserved(cell, 'frozen'));
    await arrange.holdOffAdoption(cell);
    await arrange.terminateOwner(cell);
    hit.release();
  },
  go: arrange.letAdopt,
  letGo: arrange.letForce,
};

/** The first statement of a freeze and of a thaw. */
export const lockReservations = /from reservations FORCE INDEX \(PRIMARY\).*for update/;

/** Whether what the first one has reserved for its order is in one of these states. */
async function isReserved({ stack, subject }: Injection, ...states: string[]): Promise<boolean> {
  const found = await stack.databases[first.name]('reservations')
    .where('order_id', subject.orderId)
    .whereIn('state', states)
    .pluck('order_id');
  return found.length > 0;
}

/** The first one's reservation is old: the sweep ends it before anybody else may. */
const swept: Arrangement = {
  async go(cell) {
    // Not before the step is watched: the service looks for old reservations by itself.
    await arrange.age(cell, first.name, 'reservations');
    const isEnded = async () => !(await isReserved(cell, 'reserved', 'frozen'));
    const sweeping = arrange.recoverUntil(cell, isEnded);
    sweeping.catch(() => undefined);
    cell.whenGone(() => sweeping);
  },
};
export const sweptConfirm: Arrangement = {
  ...swept,
  holdsOff: arrange.holdOffForce,
  async letGo(cell) {
    await cell.gone();
    await arrange.letForce(cell);
  },
};
export const sweptCancel: Arrangement = {
  ...swept,
  holdsOff: arrange.holdOffAdoption,
  async letGo(cell) {
    await cell.gone();
    await arrange.letAdopt(cell);
  },
};
