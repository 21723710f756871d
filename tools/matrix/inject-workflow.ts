import { WorkflowNotFoundError, type WorkflowExecutionInfo } from '@temporalio/client';
import type { DeliveryMemo } from '../../contracts/events';
import { workflowTypes } from '../../contracts/names';
import type { Injection } from './injection';
import type { Driver } from './step';
import { until } from './until';

/** Faults that an operator makes in the Temporal UI, of whatever workflow drives the step. */

export async function terminate(cell: Injection): Promise<void> {
  await interrupt(cell, (handle) => handle.terminate('the failure matrix'));
}

export async function cancel(cell: Injection): Promise<void> {
  await interrupt(cell, (handle) => handle.cancel());
}

type Handle = ReturnType<Injection['stack']['temporal']['workflow']['getHandle']>;

async function interrupt(cell: Injection, how: (handle: Handle) => Promise<unknown>) {
  const { hit } = await cell.caught('inside');
  const { workflow } = cell.stack.temporal;
  let open = 0;
  for (const id of await driversOf(cell)) {
    try {
      await how(workflow.getHandle(id));
      open += 1;
    } catch (error) {
      // The list is a little late: one that has ended is none that drives the step.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  if (open === 0) throw new Error(`Nothing that drives ${cell.step.name} was open any more`);
  hit.release();
}

/** The workflows that a schedule starts. */
const ofSchedules: Partial<Record<Driver, string>> = {
  drain: workflowTypes.drainCompensations,
  force: workflowTypes.forceConfirmations,
  adoption: workflowTypes.adoptOrders,
  sweep: workflowTypes.sweepReservations,
  scan: workflowTypes.scanBranches,
};

/** The workflows that may have the step made: the order's owner, a schedule's, or deliveries. */
async function driversOf(cell: Injection): Promise<string[]> {
  const { step, subject } = cell;
  if (step.driver === 'delivery' || step.driver === 'release') {
    const end = step.driver === 'release' ? ':release-' : `:${step.subscriber ?? step.service}`;
    const deliveries = `WorkflowType = "${workflowTypes.deliverEvents}"`;
    return openWorkflows(cell, deliveries, ({ workflowId, memo }) => {
      const shared = (memo as DeliveryMemo | undefined)?.orders ?? [];
      const isOfSubject =
        workflowId.startsWith(`${subject.orderId}:`) || shared.includes(subject.orderId);
      return isOfSubject && workflowId.includes(end);
    });
  }
  if (step.driver === 'resolution') return openResolutions(cell);
  const type = ofSchedules[step.driver];
  return type ? openWorkflows(cell, `WorkflowType = "${type}"`) : [await ownerOf(cell)];
}

async function openWorkflows(
  { stack, step }: Injection,
  which: string,
  isMeant: (workflow: Pick<WorkflowExecutionInfo, 'workflowId' | 'memo'>) => boolean = () => true,
): Promise<string[]> {
  const query = `${which} AND ExecutionStatus = "Running"`;
  let found: string[] = [];
  await until(`a workflow that drives ${step.name} is seen to run`, async () => {
    found = [];
    for await (const workflow of stack.temporal.workflow.list({ query, pageSize: 100 })) {
      if (isMeant(workflow)) found.push(workflow.workflowId);
    }
    return found.length > 0;
  });
  return found;
}

/** Its summary names the order; it owns the order only once it has begun. */
async function openResolutions(cell: Injection): Promise<string[]> {
  const { stack, subject } = cell;
  const all = await openWorkflows(cell, `WorkflowType = "${workflowTypes.resolveOrder}"`);
  const found = await Promise.all(
    all.map(async (id) => {
      const described = await stack.temporal.workflow.getHandle(id).describe();
      return (await described.staticSummary())?.includes(subject.orderId) ? [id] : [];
    }),
  );
  return found.flat();
}

async function ownerOf({ stack, subject }: Injection): Promise<string> {
  const [owner] = await stack.databases
    .order('orders')
    .where('order_id', subject.orderId)
    .pluck('owner');
  return String(owner);
}
