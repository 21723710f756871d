import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { Authenticator, Principal, Role } from './authentication';
import { Problem } from './problems';

/** The context of the API's handlers. */
export interface ApiEnv {
  /** Absent without a server, as in some tests. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    /**
     * The caller's id if it is harmless, else a new one. It appears in the answer and in the logs.
     */
    requestId: string;
    /** Set on every route that `requireRole` guards. */
    principal: Principal;
  };
}

export type ApiApp = OpenAPIHono<ApiEnv>;
export type ApiContext = Context<ApiEnv>;

/**
 * Passes a request on if its token is valid and has one of the `allowed` roles.
 *
 * @throws Problem `unauthenticated` or `forbidden`
 */
export function requireRole(
  authenticate: Authenticator,
  ...allowed: Role[]
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const principal = await authenticate(c.req.header('authorization'));
    if (!allowed.includes(principal.role)) {
      throw new Problem('forbidden', `The role ${principal.role} may not do this.`);
    }
    c.set('principal', principal);
    await next();
  };
}

/** Node's own request; undefined without a server. */
export function incomingOf(c: ApiContext): HttpBindings['incoming'] | undefined {
  return (c.env as Partial<HttpBindings> | undefined)?.incoming;
}

/**
 * How often a header was sent. Node and the Fetch API join or drop repeated headers, so this counts
 * the raw headers.
 */
export function headerCount(c: ApiContext, lowerName: string): number {
  const incoming = incomingOf(c);
  if (!incoming) return c.req.header(lowerName) === undefined ? 0 : 1;
  const names = incoming.rawHeaders.filter((_, index) => index % 2 === 0);
  return names.filter((name) => name.toLowerCase() === lowerName).length;
}
