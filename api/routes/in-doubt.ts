import { createRoute } from '@hono/zod-openapi';
import type { Authenticator } from '../authentication';
import { requireRole, type ApiApp } from '../context';
import type { InDoubtBranch, ReadInDoubt } from '../in-doubt';
import * as schemas from '../operator-schemas';
import { jsonAnswer, problemAnswer, security } from './answers';

const inDoubt = createRoute({
  method: 'get',
  path: '/operator/in-doubt',
  summary: 'XA branches that are begun and not known to be settled, oldest first',
  security,
  responses: {
    200: jsonAnswer('The branches; usually none', schemas.inDoubtList),
    default: problemAnswer('A problem'),
  },
});

const branchesMax = 500;

export interface InDoubtRoutesDeps {
  authenticate: Authenticator;
  readInDoubt: ReadInDoubt;
}

/** `GET /operator/in-doubt`, for staff. */
export function addInDoubtRoutes(app: ApiApp, { authenticate, ...deps }: InDoubtRoutesDeps): void {
  const staff = requireRole(authenticate, 'viewer', 'operator', 'approver');

  app.openapi({ ...inDoubt, middleware: staff }, async (c) => {
    const { branches, unavailable } = await deps.readInDoubt({ limit: branchesMax });
    const listed = branches.map((branch) => ({
      orderId: branch.orderId,
      ...inDoubtAnswer(branch),
      lockedRows: branch.lockedRows,
    }));
    return c.json({ branches: listed, ...(unavailable.length > 0 && { unavailable }) }, 200);
  });
}

/** What a customer may know of a branch as well. */
export function inDoubtAnswer({ service, since, ageMs, heuristic }: InDoubtBranch) {
  return {
    service,
    since: since.toISOString(),
    ageMs,
    state: heuristic ? ('heuristic' as const) : ('open' as const),
  };
}
