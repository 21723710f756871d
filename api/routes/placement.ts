import { createRoute } from '@hono/zod-openapi';
import type { OrderSummary } from '../../activities/order/queries';
import { failures } from '../../contracts/failures';
import { participants } from '../../contracts/participants';
import type { Authenticator } from '../http/authentication';
import { requireRole, type ApiApp, type ApiContext } from '../http/context';
import { exactJson } from '../http/exact-json';
import type { PlacementService } from '../placing/placement';
import { appliedPreference, waitPreference, type WaitLimits } from '../http/prefer';
import { Problem, problemOfFailure } from '../http/problems';
import { strictJsonBody } from '../http/request-body';
import * as schemas from '../http/schemas';
import { shortSentence, type ReadShortProducts } from '../reading/short-products';
import { jsonAnswer, problemAnswer, security, summaryAnswer } from './answers';

const preferHeader = {
  name: 'Prefer',
  in: 'header' as const,
  required: false,
  description: 'How long to wait for the outcome: `wait=n` (seconds) or `respond-async`.',
  schema: { type: 'string' as const },
};

const whatIsTaken = participants.map(({ label }) => `the ${label}`).join(' and ');

const place = createRoute({
  method: 'post',
  path: '/orders/{orderId}/place',
  summary: `Place an order: take ${whatIsTaken}, or nothing`,
  security,
  parameters: [preferHeader],
  request: {
    params: schemas.orderParams,
    body: { content: { 'application/json': { schema: schemas.placeOrderBody } } },
  },
  responses: {
    200: jsonAnswer('COMPLETED', schemas.orderSummary),
    202: jsonAnswer('The order has not ended yet; see `Location`', schemas.orderSummary),
    409: problemAnswer('The order is CANCELLED, and why'),
    default: problemAnswer('Nothing was done, or `outcome-unknown`'),
  },
});

const cancel = createRoute({
  method: 'post',
  path: '/orders/{orderId}/cancel',
  summary: 'Cancel an order and return everything taken',
  security,
  parameters: [preferHeader],
  request: { params: schemas.orderParams },
  responses: {
    200: jsonAnswer('CANCELLED', schemas.orderSummary),
    202: jsonAnswer('The order is being cancelled; see `Location`', schemas.orderSummary),
    409: problemAnswer('The order was COMPLETED first'),
    default: problemAnswer('Nothing was done, or `outcome-unknown`'),
  },
});

export interface PlacementRoutesDeps {
  authenticate: Authenticator;
  placement: PlacementService;
  wait: WaitLimits;
  readShortProducts: ReadShortProducts;
}

/** `POST /orders/{orderId}/place` and `/cancel`, for customers. */
export function addPlacementRoutes(app: ApiApp, deps: PlacementRoutesDeps): void {
  const customer = requireRole(deps.authenticate, 'customer');
  const json = strictJsonBody({ optional: true });
  const requestOf = (c: ApiContext, orderId: string) => {
    const preference = waitPreference(c.req.header('prefer'), deps.wait);
    const begunAt = performance.now();
    return {
      call: {
        orderId,
        customerId: c.var.principal.subject,
        waitMs: preference.waitMs,
        gone: c.req.raw.signal,
      },
      /** Answers an order that has not ended. */
      answerLater: (order: OrderSummary) => {
        const applied = appliedPreference(preference, performance.now() - begunAt);
        if (applied !== undefined) c.header('Preference-Applied', applied);
        c.header('Location', `/orders/${order.orderId}`);
        return exactJson(c, summaryAnswer(order), 202);
      },
    };
  };

  app.openapi({ ...place, middleware: [customer, json] as const }, async (c) => {
    const { call, answerLater } = requestOf(c, c.req.valid('param').orderId);
    const order = await deps.placement.place({ ...call, pattern: c.req.valid('json').pattern });
    if (order.status === 'COMPLETED') return exactJson(c, summaryAnswer(order), 200);
    if (order.status === 'CANCELLED') throw await failureOf(order, deps.readShortProducts);
    return answerLater(order);
  });

  app.openapi({ ...cancel, middleware: customer }, async (c) => {
    const { call, answerLater } = requestOf(c, c.req.valid('param').orderId);
    const order = await deps.placement.cancel(call);
    if (order.status === 'CANCELLED') return exactJson(c, summaryAnswer(order), 200);
    return answerLater(order);
  });
}

async function failureOf(
  { orderId, reason }: OrderSummary,
  readShortProducts: ReadShortProducts,
): Promise<Problem> {
  if (!reason) throw new Error(`The cancelled order ${orderId} has no reason`);
  const { title, advice } = failures[reason];
  const products =
    reason === 'insufficient-stock' ? ((await readShortProducts(orderId)) ?? []) : [];
  const sentences = [`The order was cancelled: ${title.toLowerCase()}.`, advice];
  if (products.length > 0) sentences.push(shortSentence(products));
  return new Problem(problemOfFailure[reason], sentences.join(' '), {
    extensions: { orderId, reason, ...(products.length > 0 && { products }) },
  });
}
