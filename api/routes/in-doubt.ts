import { createRoute } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { OrderQueries } from '../../activities/order/queries';
import type { OrderStatus } from '../../contracts/order';
import type { Service } from '../../contracts/participants';
import type { Authenticator } from '../http/authentication';
import { requireRole, type ApiApp } from '../http/context';
import type { InDoubtBranch, ReadInDoubt } from '../reading/in-doubt';
import * as schemas from '../http/operator-schemas';
import { jsonAnswer, problemAnswer, security } from './answers';

const inDoubt = createRoute({
  method: 'get',
  path: '/operator/in-doubt',
  summary: 'List XA branches that have begun and are not known to have ended, oldest first',
  security,
  responses: {
    200: jsonAnswer('The branches, usually none', schemas.inDoubtList),
    default: problemAnswer('A problem'),
  },
});

const branchesMax = 500;

export interface InDoubtRoutesDeps {
  authenticate: Authenticator;
  readInDoubt: ReadInDoubt;
  orders: Pick<OrderQueries, 'placeable'>;
  logger: Logger;
}

/** `GET /operator/in-doubt`, for staff. */
export function addInDoubtRoutes(app: ApiApp, { authenticate, ...deps }: InDoubtRoutesDeps): void {
  const staff = requireRole(authenticate, 'viewer', 'operator', 'approver');

  app.openapi({ ...inDoubt, middleware: staff }, async (c) => {
    const { branches, unavailable } = await deps.readInDoubt({ limit: branchesMax });
    const statuses = await readStatuses(deps, branches);
    const listed = branches.map((branch) => ({
      orderId: branch.orderId,
      ...inDoubtAnswer(branch, statuses?.get(branch.orderId) ?? (statuses && 'missing')),
      lockedRows: branch.lockedRows,
    }));
    const silent: Service[] = [...(statuses ? [] : ['order' as const]), ...unavailable];
    return c.json({ branches: listed, ...(silent.length > 0 && { unavailable: silent }) }, 200);
  });
}

/** Undefined when the order database does not answer; the branches are shown anyway. */
async function readStatuses(
  { orders, logger }: Pick<InDoubtRoutesDeps, 'orders' | 'logger'>,
  branches: readonly InDoubtBranch[],
): Promise<Map<string, OrderStatus> | undefined> {
  if (branches.length === 0) return new Map();
  try {
    const found = await orders.placeable(branches.map(({ orderId }) => orderId));
    return new Map([...found].map(([orderId, { status }]) => [orderId, status]));
  } catch (error) {
    logger.warn({ err: error }, 'cannot read the orders of the XA branches in doubt');
    return undefined;
  }
}

/**
 * The part of a branch that customers may see too. An order in progress has open branches for
 * milliseconds. If the order is PENDING or does not exist, no workflow is about to end them.
 *
 * @param order the order's status; undefined when it could not be read
 */
export function inDoubtAnswer(
  { service, since, ageMs, heuristic }: InDoubtBranch,
  order: OrderStatus | 'missing' | undefined,
) {
  const waits = order === 'PENDING' || order === 'missing';
  const state = heuristic
    ? ('heuristic' as const)
    : waits
      ? ('in-doubt' as const)
      : ('open' as const);
  return { service, since: since.toISOString(), ageMs, state };
}
