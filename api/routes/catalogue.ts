import { createRoute, type z } from '@hono/zod-openapi';
import type { PointBalances } from '../../activities/point/balances';
import type { Catalogue } from '../../activities/product/catalogue';
import { roles, type Authenticator } from '../http/authentication';
import { requireRole, type ApiApp } from '../http/context';
import { exactJson } from '../http/exact-json';
import * as schemas from '../http/schemas';
import { jsonAnswer, pageOf, problemAnswer, security } from './answers';

const listProducts = createRoute({
  method: 'get',
  path: '/products',
  summary: 'List the catalogue with its stock',
  security,
  request: { query: schemas.pageQuery },
  responses: {
    200: jsonAnswer('A page', schemas.productPage),
    default: problemAnswer('A problem'),
  },
});

const getPoints = createRoute({
  method: 'get',
  path: '/points',
  summary: 'Show the caller’s points',
  security,
  responses: {
    200: jsonAnswer('The balance', schemas.pointBalance),
    default: problemAnswer('A problem'),
  },
});

export interface CatalogueRoutesDeps {
  authenticate: Authenticator;
  products: Catalogue;
  points: PointBalances;
}

const noPoints = { available: 0n, reserved: 0n };

/** `GET /products`, for every valid token, and `GET /points`, for customers. */
export function addCatalogueRoutes(app: ApiApp, deps: CatalogueRoutesDeps): void {
  const anybody = requireRole(deps.authenticate, ...roles);
  const customer = requireRole(deps.authenticate, 'customer');

  app.openapi({ ...listProducts, middleware: anybody }, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const found = await deps.products.page(limit + 1, cursor);
    const { rows, nextCursor } = pageOf(found, limit, ({ productId }) => productId);
    return exactJson(
      c,
      { products: rows, nextCursor } satisfies z.infer<typeof schemas.productPage>,
      200,
    );
  });

  app.openapi({ ...getPoints, middleware: customer }, async (c) => {
    const customerId = c.var.principal.subject;
    // A customer without an account has zero points.
    const balance = (await deps.points.balanceOf(customerId)) ?? noPoints;
    return exactJson(
      c,
      { customerId, ...balance } satisfies z.infer<typeof schemas.pointBalance>,
      200,
    );
  });
}
