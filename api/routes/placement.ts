import { createRoute } from '@hono/zod-openapi';
import type { OrderSummary } from '../../activities/order/queries';
import { failures } from '../../contracts/failures';
import type { Authenticator } from '../authentication';
import { requireRole, type ApiApp, type ApiContext } from '../context';
import type { PlacementService } from '../placement';
import { waitPreference, type WaitLimits } from '../prefer';
import { Problem, problemOfFailure } from '../problems';
import { strictJsonBody } from '../request-body';
import * as schemas from '../schemas';
import { jsonAnswer, problemAnswer, security, summaryAnswer } from './answers';

const preferHeader = {
  name: 'Prefer',
  in: 'header' as const,
  required: false,
  description: '`wait=n` (seconds) or `respond-async`: how long to wait for the outcome.',
  schema: { type: 'string' as const },
};

const place = createRoute({
  method: 'post',
  path: '/orders/{orderId}/place',
  summary: 'Place an order: take the stock and the points, or nothing',
  security,
  parameters: [preferHeader],
  request: {
    params: schemas.orderParams,
    body: { content: { 'application/json': { schema: schemas.placeOrderBody } } },
  },
  responses: {
    200: jsonAnswer('COMPLETED', schemas.orderSummary),
    202: jsonAnswer('Not ended yet: look at `Location`', schemas.orderSummary),
    409: problemAnswer('CANCELLED, and why'),
    default: problemAnswer('Nothing was done, or `outcome-unknown`'),
  },
});

const cancel = createRoute({
  method: 'post',
  path: '/orders/{orderId}/cancel',
  summary: 'Cancel an order; what was taken is given back',
  security,
  parameters: [preferHeader],
  request: { params: schemas.orderParams },
  responses: {
    200: jsonAnswer('CANCELLED', schemas.orderSummary),
    202: jsonAnswer('Being cancelled: look at `Location`', schemas.orderSummary),
    409: problemAnswer('It was COMPLETED first'),
    default: problemAnswer('Nothing was done, or `outcome-unknown`'),
  },
});

export interface PlacementRoutesDeps {
  authenticate: Authenticator;
  placement: PlacementService;
  wait: WaitLimits;
}

/** `POST /orders/{orderId}/place` and `/cancel`, for customers. */
export function addPlacementRoutes(app: ApiApp, deps: PlacementRoutesDeps): void {
  const customer = requireRole(deps.authenticate, 'customer');
  const json = strictJsonBody({ optional: true });
  const requestOf = (c: ApiContext, orderId: string) => {
    const { waitMs, applied } = waitPreference(c.req.header('prefer'), deps.wait);
    if (applied) c.header('Preference-Applied', applied);
    return { orderId, customerId: c.var.principal.subject, waitMs, gone: c.req.raw.signal };
  };

  app.openapi({ ...place, middleware: [customer, json] as const }, async (c) => {
    const request = requestOf(c, c.req.valid('param').orderId);
    const order = await deps.placement.place({ ...request, pattern: c.req.valid('json').pattern });
    if (order.status === 'COMPLETED') return c.json(summaryAnswer(order), 200);
    if (order.status === 'CANCELLED') throw failureOf(order);
    c.header('Location', `/orders/${order.orderId}`);
    return c.json(summaryAnswer(order), 202);
  });

  app.openapi({ ...cancel, middleware: customer }, async (c) => {
    const order = await deps.placement.cancel(requestOf(c, c.req.valid('param').orderId));
    if (order.status === 'CANCELLED') return c.json(summaryAnswer(order), 200);
    c.header('Location', `/orders/${order.orderId}`);
    return c.json(summaryAnswer(order), 202);
  });
}

function failureOf({ orderId, reason }: OrderSummary): Problem {
  if (!reason) throw new Error(`The cancelled order ${orderId} has no reason`);
  const { title, advice } = failures[reason];
  const detail = `The order was cancelled: ${title.toLowerCase()}. ${advice}`;
  return new Problem(problemOfFailure[reason], detail, { extensions: { orderId, reason } });
}
