import type { OrderQueries, OrderDetail } from '../activities/order/queries';
import type {
  ResolutionAction,
  ResolutionOutcome,
  ResolutionRequest,
} from '../contracts/reservations';
import type { Pattern } from '../contracts/order';
import { patternRows } from '../contracts/patterns';
import { timeOver, within } from './deadline';
import { Problem } from './problems';
import type { ReadSteps } from './steps';
import { outcomeUnknown, unavailable } from './unavailability';

/** Resolutions are workflows. */
export interface Resolutions {
  /**
   * Starts the workflow that resolves an order, under this id, and waits for what comes of it;
   * `under-way` where one of this id is open already.
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
 * Resolves a PENDING order for an operator, and answers the order as it then is: it may be PENDING
 * still, when what was asked for could not be carried out yet.
 *
 * One resolution of an order is under way at a time. Its id names the one before it, so that of two
 * that are asked for at once Temporal lets one begin.
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
    if (!order) throw new Problem('not-found', 'There is no order with this id.');
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
      () => 'What was asked for contradicts the decision, or could not be made safe.',
    );
    const detail = `${why} Nothing was changed.`;
    throw new Problem('resolution-unsafe', detail, { extensions: { orderId } });
  }
  if (outcome === timeOver) throw unknown();
  // It has been carried out: a reading that fails must not deny it.
  return read().catch((error: unknown) => {
    throw unknown(error);
  });
}

/** Where staff look at one order. */
function operatorPage(orderId: string): string {
  return `/operator/orders/${orderId}`;
}

/** A sentence that is so in the case at hand: see the table in workflows/recovery/resolve.ts. */
async function whyUnsafe(
  action: ResolutionAction,
  { orderId, decision, pattern }: OrderDetail,
  readSteps: ReadSteps,
): Promise<string> {
  if (decision === null) return 'The order is not decided, and may be impossible to complete.';
  if (decision === 'CANCEL') return 'The order is decided CANCEL, and is not completed any more.';
  if (action === 'confirm') return 'The order is decided COMPLETE already: retry drives it on.';
  if (pattern === null || !patternRows[pattern].mayBeOverturned) {
    return `The order is decided COMPLETE, and pattern ${String(pattern)} cannot undo that.`;
  }
  const { steps } = await readSteps(orderId);
  const confirmed = steps.find(
    ({ step, outcome }) => step.startsWith('confirm') && outcome === 'done',
  );
  if (confirmed) {
    return `The order is decided COMPLETE, and its ${confirmed.service} part is confirmed already.`;
  }
  return (
    'The order is decided COMPLETE, and not every reservation could be frozen: a service did not ' +
    'answer in time, or somebody else has taken the order over.'
  );
}

/** @throws Problem `unavailable` where Temporal does not say: nothing was done yet. */
async function isOpen(resolutions: Resolutions, workflowId: string): Promise<boolean> {
  const answer = await within(resolveMsMax, resolutions.isOpen(workflowId)).catch(
    (): typeof timeOver => timeOver,
  );
  if (answer === timeOver) throw unavailable();
  return answer;
}

function isUnderWay(orderId: string): Problem {
  const detail = 'Wait for what comes of it, or terminate its workflow in the Temporal UI.';
  return new Problem('resolution-under-way', detail, { extensions: { orderId } });
}

function notPending(orderId: string): Problem {
  const detail = 'Only an order that is PENDING can be resolved.';
  return new Problem('not-pending', detail, { extensions: { orderId } });
}
