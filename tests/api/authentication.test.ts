import { generateKeyPairSync } from 'node:crypto';
import { createAuthenticator } from '../../api/http/authentication';
import { Problem } from '../../api/http/problems';
import { audience, authentication, issuer, token } from './harness';

const authenticate = createAuthenticator(authentication());
const second = () => Math.floor(Date.now() / 1_000);

async function refusal(authorization: string | undefined): Promise<Problem> {
  const problem = await authenticate(authorization).catch((error: unknown) => error);
  if (!(problem instanceof Problem)) throw new Error(`It was let in: ${JSON.stringify(problem)}`);
  return problem;
}

type Claims = Record<string, unknown>;

const withClaims = async (claims: Claims) => `Bearer ${await token('c-1', { claims })}`;

test.each(['customer', 'viewer', 'operator', 'approver'])('lets in a %s', async (role) => {
  await expect(authenticate(await withClaims({ role }))).resolves.toEqual({
    subject: 'c-1',
    role,
  });
});

test.each<[string, string | undefined]>([
  ['no header', undefined],
  ['an empty header', ''],
  ['another scheme', 'Basic YTpi'],
  ['no token', 'Bearer '],
  ['something else', 'Bearer x'],
  ['two tokens', 'Bearer a.b.c, Bearer d.e.f'],
])('refuses %s, and says how to authenticate', async (_what, authorization) => {
  const problem = await refusal(authorization);
  expect(problem.code).toBe('unauthenticated');
  expect(problem.options.headers).toEqual({ 'WWW-Authenticate': 'Bearer realm="orders"' });
});

test.each<[string, Claims]>([
  ['expired', { exp: second() - 1 }],
  ['not valid yet', { nbf: second() + 600 }],
  ['without exp', { exp: undefined }],
  ['with an exp that is not a number', { exp: 'never' }],
  ['without sub', { sub: undefined }],
  ['with an empty sub', { sub: '' }],
  ['with a sub that is not a customer’s id', { sub: 'c-1; DROP TABLE' }],
  ['with a sub that is too long', { sub: 'c'.repeat(65) }],
  ...[0, 1, false, true, null, ['c-1'], [['c-1']], { id: 'c-1' }, { toString: 'c-1' }].map(
    (sub): [string, Claims] => [`whose sub is ${JSON.stringify(sub)}`, { sub }],
  ),
  ...[0, true, ['op'], ' ', 'o\np', 'o'.repeat(256)].map((sub): [string, Claims] => [
    `of an operator whose sub is ${JSON.stringify(sub).slice(0, 20)}`,
    { sub, role: 'operator' },
  ]),
  ...[0, true, ['customer'], { customer: true }, 'toString', '__proto__'].map(
    (role): [string, Claims] => [`whose role is ${JSON.stringify(role)}`, { role }],
  ),
  ['whose exp is a string', { exp: '9999999999' }],
  ['for another audience', { aud: 'others' }],
  ['without audience', { aud: undefined }],
  ['of another issuer', { iss: 'others' }],
  ['without issuer', { iss: undefined }],
  ['without role', { role: undefined }],
  ['with an unknown role', { role: 'admin' }],
  ['with a list of roles', { role: ['customer', 'operator'] }],
])('refuses a token %s', async (_what, claims) => {
  const problem = await refusal(await withClaims(claims));
  expect(problem.code).toBe('unauthenticated');
  expect(problem.options.headers?.['WWW-Authenticate']).toContain('error="invalid_token"');
});

describe('refuses a forged token', () => {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'c-1', role: 'customer', iss: issuer, aud: audience, exp: 9_999_999_999 };

  test('signed with another key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const forged = await token('c-1', { key: privateKey });
    expect((await refusal(`Bearer ${forged}`)).code).toBe('unauthenticated');
  });

  test('with alg none, with and without a signature', async () => {
    const unsigned = `${encoded({ alg: 'none' })}.${encoded(claims)}`;
    expect((await refusal(`Bearer ${unsigned}.`)).code).toBe('unauthenticated');
    expect((await refusal(`Bearer ${unsigned}.AAAA`)).code).toBe('unauthenticated');
  });

  test('signed with the public key as a shared secret', async () => {
    const { createHmac } = await import('node:crypto');
    const [jwk] = authentication().keys.keys;
    const signed = `${encoded({ alg: 'HS256' })}.${encoded(claims)}`;
    const signature = createHmac('sha256', JSON.stringify(jwk)).update(signed).digest('base64url');
    expect((await refusal(`Bearer ${signed}.${signature}`)).code).toBe('unauthenticated');
  });

  test('with its claims changed', async () => {
    const [header, , signature] = (await token('c-1')).split('.');
    const changed = [header, encoded({ ...claims, sub: 'c-2' }), signature].join('.');
    expect((await refusal(`Bearer ${changed}`)).code).toBe('unauthenticated');
  });

  test('that brings its own key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { SignJWT } = await import('jose');
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) })
      .sign(privateKey);
    expect((await refusal(`Bearer ${forged}`)).code).toBe('unauthenticated');
  });
});

test('refuses an accepted token once it has expired', async () => {
  const authorization = await withClaims({ exp: second() + 60 });
  await expect(authenticate(authorization)).resolves.toMatchObject({ subject: 'c-1' });
  jest.useFakeTimers({ now: Date.now() + 61_000 });
  try {
    expect((await refusal(authorization)).detail).toBe('The token has expired.');
  } finally {
    jest.useRealTimers();
  }
});
