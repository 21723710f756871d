import { createRoute, type z } from '@hono/zod-openapi';
import type { OrderQueries, OwnedOrder } from '../../activities/order/queries';
import type { Authenticator } from '../http/authentication';
import { requireRole, type ApiApp } from '../http/context';
import { Problem } from '../http/problems';
import type { ReadSteps } from '../reading/steps';
import { unavailable } from '../http/unavailability';
import { exactJson } from '../http/exact-json';
import { strictJsonBody } from '../http/request-body';
import { resolve, type Resolutions } from '../resolution';
import * as operatorSchemas from '../http/operator-schemas';
import * as schemas from '../http/schemas';
import { jsonAnswer, pageOf, problemAnswer, security, summaryAnswer } from './answers';

const listOrders = createRoute({
  method: 'get',
  path: '/operator/orders',
  summary: 'List the orders that wait for an operator',
  security,
  request: { query: operatorSchemas.operatorOrdersQuery },
  responses: {
    200: jsonAnswer('A page', operatorSchemas.operatorOrderPage),
    default: problemAnswer('A problem'),
  },
});

const getOrder = createRoute({
  method: 'get',
  path: '/operator/orders/{orderId}',
  summary: 'Show any order',
  security,
  request: { params: schemas.orderParams },
  responses: {
    200: jsonAnswer('The order', operatorSchemas.operatorOrder),
    default: problemAnswer('A problem'),
  },
});

const listAlerts = createRoute({
  method: 'get',
  path: '/operator/alerts',
  summary: 'List the open alerts, oldest first',
  security,
  responses: {
    200: jsonAnswer('The open alerts', operatorSchemas.alertList),
    default: problemAnswer('A problem'),
  },
});

const resolveOrder = createRoute({
  method: 'post',
  path: '/operator/orders/{orderId}/resolve',
  summary: 'Confirm, cancel or retry a PENDING order; the audit trail records it',
  security,
  request: {
    params: schemas.orderParams,
    body: {
      required: true,
      content: { 'application/json': { schema: operatorSchemas.resolveBody } },
    },
  },
  responses: {
    200: jsonAnswer('The order has ended', schemas.orderSummary),
    202: jsonAnswer('The order is still PENDING; see its alerts', schemas.orderSummary),
    409: problemAnswer(
      'The order is not PENDING, or the resolution is not safe; nothing was changed',
    ),
    default: problemAnswer('Nothing was done, or `outcome-unknown`'),
  },
});

export interface OperatorRoutesDeps {
  authenticate: Authenticator;
  orders: OrderQueries;
  readSteps: ReadSteps;
  resolve: Resolutions | undefined;
}

const alertsMax = 500;

/** The operators' lists, for all staff, and resolutions, for operators only. */
export function addOperatorRoutes(app: ApiApp, deps: OperatorRoutesDeps): void {
  const staff = requireRole(deps.authenticate, 'viewer', 'operator', 'approver');
  const operator = requireRole(deps.authenticate, 'operator');
  const json = strictJsonBody({ optional: false });

  app.openapi({ ...listOrders, middleware: staff }, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const found = await deps.orders.pending(limit + 1, cursor);
    const { rows, nextCursor } = pageOf(found, limit, ({ orderId }) => orderId);
    const orders = rows.map(ownedAnswer);
    const page: z.infer<typeof operatorSchemas.operatorOrderPage> = { orders, nextCursor };
    return exactJson(c, page, 200);
  });

  app.openapi({ ...getOrder, middleware: staff }, async (c) => {
    const order = await deps.orders.owned(c.req.valid('param').orderId);
    if (!order) throw new Problem('not-found', 'No order has this id.');
    return exactJson(c, ownedAnswer(order), 200);
  });

  app.openapi({ ...listAlerts, middleware: staff }, async (c) => {
    const found = await deps.orders.openAlerts(alertsMax);
    const alerts = found.map(({ raisedAt, ...alert }) => ({
      ...alert,
      raisedAt: raisedAt.toISOString(),
    }));
    return c.json({ alerts }, 200);
  });

  app.openapi({ ...resolveOrder, middleware: [operator, json] as const }, async (c) => {
    const { orders, readSteps, resolve: resolutions } = deps;
    if (!resolutions) throw unavailable();
    const order = await resolve(
      { orders, readSteps, resolutions },
      {
        ...c.req.valid('json'),
        orderId: c.req.valid('param').orderId,
        operator: c.var.principal.subject,
      },
    );
    const ended = order.status === 'COMPLETED' || order.status === 'CANCELLED';
    return exactJson(c, summaryAnswer(order), ended ? 200 : 202);
  });
}

function ownedAnswer(order: OwnedOrder) {
  const { customerId, decision, owner, waitsFor } = order;
  return { ...summaryAnswer(order), customerId, decision, owner, waitsFor };
}
