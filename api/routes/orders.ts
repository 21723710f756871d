import { createRoute, type z } from '@hono/zod-openapi';
import type { OrderDetail, OrderQueries } from '../../activities/order/queries';
import type { Authenticator } from '../http/authentication';
import { isTerminal, withTerms } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import { requireRole, type ApiApp } from '../http/context';
import type { CreateOrder } from '../placing/creation';
import { exactJson } from '../http/exact-json';
import { idempotencyKey } from '../http/idempotency-key';
import { noSuchOrder } from '../placing/placement';
import { strictJsonBody } from '../http/request-body';
import * as schemas from '../http/schemas';
import type { ReadInDoubt } from '../reading/in-doubt';
import type { ReadSteps } from '../reading/steps';
import { inDoubtAnswer } from './in-doubt';
import { batchLoader, gathering } from '../placing/batch-loader';
import { jsonAnswer, linesAnswer, pageOf, problemAnswer, security, summaryAnswer } from './answers';

const create = createRoute({
  method: 'post',
  path: '/orders',
  summary: 'Create an order: fix its prices, take nothing yet',
  security,
  parameters: [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      description:
        'Identifies one order of the customer permanently. Repeat it to repeat the request safely.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    },
  ],
  request: {
    body: { required: true, content: { 'application/json': { schema: schemas.createOrderBody } } },
  },
  responses: {
    201: jsonAnswer(
      'The order, created now or by an earlier request (`Idempotency-Hit: true`)',
      schemas.createdOrder,
    ),
    default: problemAnswer('Nothing was created, or `outcome-unknown`'),
  },
});

const list = createRoute({
  method: 'get',
  path: '/orders',
  summary: 'List the caller’s orders, newest first',
  security,
  request: { query: schemas.pageQuery },
  responses: {
    200: jsonAnswer('A page', schemas.orderPage),
    default: problemAnswer('A problem'),
  },
});

const get = createRoute({
  method: 'get',
  path: '/orders/{orderId}',
  summary: 'Show an order with its steps so far',
  security,
  request: { params: schemas.orderParams },
  responses: {
    200: jsonAnswer('The order', schemas.orderDetail),
    default: problemAnswer('A problem'),
  },
});

export interface OrderRoutesDeps {
  authenticate: Authenticator;
  createOrder: CreateOrder;
  orders: OrderQueries;
  readSteps: ReadSteps;
  readInDoubt: ReadInDoubt;
}

/** `POST /orders`, `GET /orders` and `GET /orders/{orderId}`, for customers. */
export function addOrderRoutes(app: ApiApp, deps: OrderRoutesDeps): void {
  const customer = requireRole(deps.authenticate, 'customer');
  const json = strictJsonBody({ optional: false });
  /** Callers who poll share their reads. */
  const readOrder = batchLoader<string, OrderDetail | undefined>({
    ...gathering,
    load: async (orderIds) => {
      const found = await deps.orders.byIds([...new Set(orderIds)]);
      return orderIds.map((orderId) => found.get(orderId));
    },
  });

  app.openapi({ ...create, middleware: [customer, json] as const }, async (c) => {
    const asked = c.req.valid('json');
    const { order, hit } = await deps.createOrder({
      ...withTerms(asked),
      items: asked.items,
      customerId: c.var.principal.subject,
      idempotencyKey: idempotencyKey(c),
    });
    c.header('Location', `/orders/${order.orderId}`);
    if (hit) c.header('Idempotency-Hit', 'true');
    const { orderId, total } = order;
    const createdAt = order.createdAt.toISOString();
    const items = linesAnswer(order.lines);
    // The order as it was created: a repeat gets the same answer as the first request.
    return exactJson(
      c,
      {
        orderId,
        status: 'CREATED',
        items,
        total: BigInt(total),
        createdAt,
        ...order.terms,
      } satisfies z.infer<typeof schemas.createdOrder>,
      201,
    );
  });

  app.openapi({ ...list, middleware: customer }, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const found = await deps.orders.page(c.var.principal.subject, limit + 1, cursor);
    const { rows, nextCursor } = pageOf(found, limit, ({ orderId }) => orderId);
    const page: z.infer<typeof schemas.orderPage> = { orders: rows.map(summaryAnswer), nextCursor };
    return exactJson(c, page, 200);
  });

  app.openapi({ ...get, middleware: customer }, async (c) => {
    const order = await ownOrder(readOrder, c.req.valid('param').orderId, c.var.principal.subject);
    const [steps, inDoubt] = await Promise.all([
      deps.readSteps(order.orderId),
      inDoubtOf(deps.readInDoubt, order),
    ]);
    const items = linesAnswer(order.lines);
    return exactJson(
      c,
      { ...summaryAnswer(order), items, ...steps, ...inDoubt } satisfies z.infer<
        typeof schemas.orderDetail
      >,
      200,
    );
  });
}

/**
 * Empty for an order that has ended or has no branches. A service that did not answer is named,
 * because its branch may be in doubt.
 */
async function inDoubtOf(readInDoubt: ReadInDoubt, { orderId, pattern, status }: OrderDetail) {
  const hasBranches = pattern !== null && patternRows[pattern].moves === 'in-branches';
  if (!hasBranches || isTerminal(status)) return {};
  const { branches, unavailable } = await readInDoubt({ orderId, limit: 1 });
  return {
    ...(branches.length > 0 && { inDoubt: branches.map((one) => inDoubtAnswer(one, status)) }),
    ...(unavailable.length > 0 && { inDoubtUnavailable: unavailable }),
  };
}

async function ownOrder(
  read: (orderId: string) => Promise<OrderDetail | undefined>,
  orderId: string,
  customerId: string,
): Promise<OrderDetail> {
  const order = await read(orderId);
  if (order?.customerId !== customerId) throw noSuchOrder();
  return order;
}
