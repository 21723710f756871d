import { randomUUID } from 'node:crypto';
import type { OrderQueries, OrderDetail } from '../activities/order/queries';
import type { ResolutionOutcome, ResolutionRequest } from '../contracts/reservations';
import type { Pattern } from '../contracts/order';
import { timeOver, within } from './deadline';
import { Problem } from './problems';
import { orderOutcomeUnknown } from './unavailability';

/**
 * Starts the workflow that resolves an order, under this id, and waits for what comes of it. Called
 * again with the same id when a start was not acknowledged.
 */
export type ResolveOrder = (
  workflowId: string,
  pattern: Pattern,
  request: ResolutionRequest,
) => Promise<ResolutionOutcome>;

const resolveMsMax = 20_000;

/**
 * Resolves a PENDING order for an operator, and answers the order as it then is: it may be PENDING
 * still, when what was asked for could not be carried out yet.
 *
 * @throws Problem `not-found`, `not-pending`, `resolution-unsafe`, `outcome-unknown`
 */
export async function resolve(
  orders: Pick<OrderQueries, 'byId'>,
  resolveOrder: ResolveOrder,
  request: ResolutionRequest,
): Promise<OrderDetail> {
  const { orderId } = request;
  const read = async () => {
    const order = await orders.byId(orderId);
    if (!order) throw new Problem('not-found', 'There is no order with this id.');
    return order;
  };
  const { status, pattern } = await read();
  if (status !== 'PENDING' || pattern === null) throw notPending(orderId);
  const resolution = resolveOrder(`resolve-${randomUUID()}`, pattern, request);
  const outcome = await within(resolveMsMax, resolution).catch((error: unknown) => {
    throw orderOutcomeUnknown(orderId, error);
  });
  if (outcome === 'not-pending') throw notPending(orderId);
  if (outcome === 'unsafe') {
    const detail = 'The order is decided otherwise, or a part of it is confirmed already.';
    throw new Problem('resolution-unsafe', detail, { extensions: { orderId } });
  }
  if (outcome === timeOver) throw orderOutcomeUnknown(orderId);
  // It has been carried out: a reading that fails must not deny it.
  return read().catch((error: unknown) => {
    throw orderOutcomeUnknown(orderId, error);
  });
}

function notPending(orderId: string): Problem {
  const detail = 'Only an order that is PENDING can be resolved.';
  return new Problem('not-pending', detail, { extensions: { orderId } });
}
