import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { Problem } from './problems';

export const roles = ['customer', 'viewer', 'operator', 'approver'] as const;
export type Role = (typeof roles)[number];

/** The caller. */
export interface Principal {
  /** The customer's id, or a staff member's. */
  subject: string;
  role: Role;
}

export interface AuthenticationSettings {
  /** The public keys (ES256) that verify tokens. */
  keys: JSONWebKeySet;
  issuer: string;
  audience: string;
}

/**
 * Answers who sent this Authorization header. Throws `unauthenticated` if the header is not valid.
 */
export type Authenticator = (authorization: string | undefined) => Promise<Principal>;

/** Verifying a signature is the costliest part of a request, so each token is verified once. */
const rememberedTokensMax = 10_000;
const bearer = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;
const staffRoles = ['viewer', 'operator', 'approver'] as const satisfies Role[];

/**
 * The claims that decide what a caller may do. Their types are checked, because a valid signature
 * does not prove them: a number as `sub` would match other ids in a database.
 */
const claims = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('customer'),
    sub: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    exp: z.number(),
  }),
  z.object({
    role: z.enum(staffRoles),
    sub: z.string().regex(/^[\x21-\x7e]{1,255}$/),
    exp: z.number(),
  }),
]);

/**
 * Authenticates by JWT. The API and not the token chooses the algorithm, `exp` and `sub` are
 * required, and the claim `role` is one of `roles`.
 */
export function createAuthenticator(settings: AuthenticationSettings): Authenticator {
  const keys = createLocalJWKSet(settings.keys);
  const remembered = new Map<string, { principal: Principal; expiresAtMs: number }>();
  return async (authorization) => {
    if (authorization === undefined) throw noToken('The Authorization header is missing.');
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined) throw noToken('The Authorization header is not a Bearer token.');
    const known = remembered.get(token);
    if (known && known.expiresAtMs > Date.now()) return known.principal;
    const verified = await verify(token, keys, settings);
    remembered.set(token, verified);
    const [oldest] = remembered.keys();
    if (remembered.size > rememberedTokensMax && oldest) remembered.delete(oldest);
    return verified.principal;
  };
}

async function verify(
  token: string,
  keys: ReturnType<typeof createLocalJWKSet>,
  { issuer, audience }: AuthenticationSettings,
): Promise<{ principal: Principal; expiresAtMs: number }> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['ES256'],
      issuer,
      audience,
      requiredClaims: ['exp', 'sub'],
    });
    return principalOf(payload);
  } catch (error) {
    // Any other error is the API's own fault.
    if (!(error instanceof errors.JOSEError)) throw error;
    const expired = error instanceof errors.JWTExpired;
    throw badToken(expired ? 'The token has expired.' : 'The token is not valid.', error);
  }
}

function principalOf(payload: unknown): { principal: Principal; expiresAtMs: number } {
  const { success, data, error } = claims.safeParse(payload);
  if (!success) {
    const names = new Set(error.issues.map(({ path }) => String(path[0])));
    throw badToken(`The token has no valid ${[...names].join(' and no valid ')}.`);
  }
  const { sub, role, exp } = data;
  return { principal: { subject: sub, role }, expiresAtMs: exp * 1_000 };
}

function noToken(detail: string): Problem {
  return new Problem('unauthenticated', detail, {
    headers: { 'WWW-Authenticate': 'Bearer realm="orders"' },
  });
}

function badToken(detail: string, cause?: unknown): Problem {
  return new Problem('unauthenticated', detail, {
    headers: { 'WWW-Authenticate': 'Bearer realm="orders", error="invalid_token"' },
    cause,
  });
}
