import type { OrderQueries, OrderDetail } from '../activities/order/queries';
import type {
  ResolutionAction,
  ResolutionOutcome,
  ResolutionRequest,
} from '../contracts/reservations';
import type { Pattern } from '../contracts/order';
import { patternRows } from '../contracts/patterns';
import { timedOut, within } from './deadline';
import { Problem } from './http/problems';
import type { ReadSteps } from './reading/steps';
import { outcomeUnknown, unavailable } from './http/unavailability';

/** Resolutions are workflows. */
export interface Resolutions {
  /**
   * Starts the workflow that resolves an order, under this id, and waits for its outcome. Answers
   * `under-way` if a workflow of this id is open already.
   */
  run: (
    workflowId: string,
    pattern: Pattern,
    request: ResolutionRequest,
  ) => Promise<ResolutionOutcome | 'under-way'>;
  isOpen: (workflowId: string) => Promise<boolean>;
}

export interface ResolutionDeps {
  orders: Pick<OrderQueries, 'byId' | 'lastResolution'>;
  readSteps: ReadSteps;
  resolutions: Resolutions;
}

const resolveMsMax = 20_000;

/**
 * Resolves a PENDING order for an operator and answers the order's new state. The order is still
 * PENDING if the action could not be carried out yet.
 *
 * An order has at most one resolution in progress. The workflow id contains the number of the
 * previous resolution, so Temporal lets only one of two concurrent requests begin.
 *
 * @throws Problem `not-found`, `not-pending`, `resolution-under-way`, `resolution-unsafe`,
 *   `outcome-unknown`
 */
export async function resolve(
  { orders, readSteps, resolutions }: ResolutionDeps,
  request: ResolutionRequest,
): Promise<OrderDetail> {
  const { orderId, action } = request;
  const unknown = (cause?: unknown) => outcomeUnknown(orderId, operatorPage(orderId), cause);
  const read = async () => {
    const order = await orders.byId(orderId);
    if (!order) throw new Problem('not-found', 'No order has this id.');
    return order;
  };
  const { status, pattern } = await read();
  if (status !== 'PENDING' || pattern === null) throw notPending(orderId);
  const { number, underWay } = await orders.lastResolution(orderId);
  if (underWay !== undefined && (await isOpen(resolutions, underWay))) throw isUnderWay(orderId);
  const resolution = resolutions.run(`resolve-${orderId}-${String(number)}`, pattern, request);
  const outcome = await within(resolveMsMax, resolution).catch((error: unknown) => {
    throw unknown(error);
  });
  if (outcome === 'under-way') throw isUnderWay(orderId);
  if (outcome === 'not-pending') throw notPending(orderId);
  if (outcome === 'unsafe') {
    const why = await read().then(
      (order) => whyUnsafe(action, order, readSteps),
      () => 'The action contradicts the decision, or could not be made safe.',
    );
    const detail = `${why} Nothing was changed.`;
    throw new Problem('resolution-unsafe', detail, { extensions: { orderId } });
  }
  if (outcome === timedOut) throw unknown();
  // The action was carried out, so a failing read must not answer that nothing was done.
  return read().catch((error: unknown) => {
    throw unknown(error);
  });
}

/** The path at which staff see one order. */
function operatorPage(orderId: string): string {
  return `/operator/orders/${orderId}`;
}

/** Why the action is unsafe for this order: see the table in workflows/recovery/resolve.ts. */
async function whyUnsafe(
  action: ResolutionAction,
  { orderId, decision, pattern }: OrderDetail,
  readSteps: ReadSteps,
): Promise<string> {
  if (decision === null)
    return 'The order has no decision yet, and completing it may be impossible.';
  if (decision === 'CANCEL')
    return 'The decision is CANCEL, so the order can no longer be completed.';
  if (action === 'confirm')
    return 'The decision is COMPLETE already. Use retry to continue the order.';
  if (pattern === null || !patternRows[pattern].mayBeOverturned) {
    return `The decision is COMPLETE, and the pattern ${String(pattern)} cannot undo it.`;
  }
  const { steps } = await readSteps(orderId);
  const confirmed = steps.find(
    ({ step, outcome }) => step.startsWith('confirm') && outcome === 'done',
  );
  if (confirmed) {
    return `The decision is COMPLETE, and the ${confirmed.service} service has confirmed its part.`;
  }
  return (
    'The decision is COMPLETE, and not every reservation could be frozen. A service did not answer ' +
    'in time, or another workflow has taken the order over.'
  );
}

/** @throws Problem `unavailable` if Temporal does not answer; nothing was done yet. */
async function isOpen(resolutions: Resolutions, workflowId: string): Promise<boolean> {
  const answer = await within(resolveMsMax, resolutions.isOpen(workflowId)).catch(
    (): typeof timedOut => timedOut,
  );
  if (answer === timedOut) throw unavailable();
  return answer;
}

function isUnderWay(orderId: string): Problem {
  const detail = 'Wait for it to end, or terminate its workflow in the Temporal UI.';
  return new Problem('resolution-under-way', detail, { extensions: { orderId } });
}

function notPending(orderId: string): Problem {
  const detail = 'Only a PENDING order can be resolved.';
  return new Problem('not-pending', detail, { extensions: { orderId } });
}
