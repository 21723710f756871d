import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { Authenticator, Principal, Role } from './authentication';
import { Problem } from './problems';

/** What the API's handlers find in their context. */
export interface ApiEnv {
  /** Absent when the app is called without a server, as some tests do. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    /** Ours, or the caller's when it is harmless; in the answer, and in what the request logs. */
    requestId: string;
    /** Set on every route that `requireRole` guards. */
    principal: Principal;
  };
}

export type ApiApp = OpenAPIHono<ApiEnv>;
export type ApiContext = Context<ApiEnv>;

/**
 * Lets a request through when its token is valid and has one of `allowed` roles.
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
      throw new Problem('forbidden', `This is not for the role ${principal.role}.`);
    }
    c.set('principal', principal);
    await next();
  };
}

/** Node's own request; undefined when the app is called without a server. */
export function incomingOf(c: ApiContext): HttpBindings['incoming'] | undefined {
  return (c.env as Partial<HttpBindings> | undefined)?.incoming;
}

/**
 * How often a header came. Node and the Fetch API join or drop repeated headers, so that this is
 * told only by what came over the wire.
 */
export function headerCount(c: ApiContext, lowerName: string): number {
  const incoming = incomingOf(c);
  if (!incoming) return c.req.header(lowerName) === undefined ? 0 : 1;
  const names = incoming.rawHeaders.filter((_, index) => index % 2 === 0);
  return names.filter((name) => name.toLowerCase() === lowerName).length;
}
