import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { Problem } from './problems';

export const roles = ['customer', 'viewer', 'operator', 'approver'] as const;
export type Role = (typeof roles)[number];

/** Who is calling. */
export interface Principal {
  /** The customer's id, or a staff member's. */
  subject: string;
  role: Role;
}

export interface AuthenticationSettings {
  /** The public keys (ES256) with which tokens may be signed. */
  keys: JSONWebKeySet;
  issuer: string;
  audience: string;
}

/** Answers who sent this Authorization header. Throws `unauthenticated` otherwise. */
export type Authenticator = (authorization: string | undefined) => Promise<Principal>;

/** Checking a signature costs more than anything else in a request: it is done once a token. */
const rememberedTokensMax = 10_000;
const bearer = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;
const customerId = /^[A-Za-z0-9_-]{1,64}$/;
const staffIdLengthMax = 255;

/**
 * Authentication by JWT. The algorithm is ours to choose and not the token's, `exp` and `sub`
 * must be there, and the claim `role` is one of `roles`.
 */
export function createAuthenticator(settings: AuthenticationSettings): Authenticator {
  const keys = createLocalJWKSet(settings.keys);
  const remembered = new Map<string, { principal: Principal; expiresAtMs: number }>();
  return async (authorization) => {
    if (authorization === undefined) throw noToken('There is no Authorization header.');
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined) throw noToken('The Authorization header is no Bearer token.');
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
    return { principal: principalOf(payload), expiresAtMs: (payload.exp ?? 0) * 1_000 };
  } catch (error) {
    // Anything else is a fault of ours, and not to be blamed on the caller.
    if (!(error instanceof errors.JOSEError)) throw error;
    const expired = error instanceof errors.JWTExpired;
    throw badToken(expired ? 'The token has expired.' : 'The token is not valid.', error);
  }
}

function principalOf({ sub, ...claims }: JWTPayload): Principal {
  const role = roles.find((known) => known === claims['role']);
  if (!role) throw badToken('The token has no known role.');
  const subject = sub ?? '';
  const isId =
    role === 'customer'
      ? customerId.test(subject)
      : subject !== '' && subject.length <= staffIdLengthMax;
  if (!isId) throw badToken('The subject of the token is not an id.');
  return { subject, role };
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
