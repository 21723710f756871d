import { createPublicKey } from 'node:crypto';
import { jwtVerify } from 'jose';
import { completePasswords, newStackFile } from '../../tools/stack/stack-file';
import { databaseUrl, describeStack, jwtAudience, jwtIssuer } from '../../tools/stack/state';
import { mintToken } from '../../tools/stack/token';

const file = newStackFile(false);
const checks = { algorithms: ['ES256'], issuer: jwtIssuer, audience: jwtAudience };

async function claimsOf(token: string) {
  return (await jwtVerify(token, createPublicKey(file.jwt.publicKey), checks)).payload;
}

describe('a token', () => {
  it('of a customer names them, and is valid for 12 hours', async () => {
    const claims = await claimsOf(await mintToken(describedStack(), { customerId: 'c-00001' }));
    expect(claims).toMatchObject({ sub: 'c-00001', role: 'customer' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(12 * 3_600);
  });

  it('of staff names their role', async () => {
    const claims = await claimsOf(await mintToken(describedStack(), { role: 'approver' }));
    expect(claims).toMatchObject({ sub: 'local-approver', role: 'approver' });
  });
});

describe('the passwords', () => {
  it('stay the same, and new users get one', () => {
    const passwords = completePasswords({ order_api: 'kept' });
    expect(passwords['order_api']).toBe('kept');
    expect(passwords['auditor']).toMatch(/^[\w-]{20,}$/);
    expect(new Set(Object.values(passwords)).size).toBe(Object.keys(passwords).length);
  });

  it('are escaped in the address of the database', () => {
    const url = databaseUrl({ ...file, userPasswords: { order_api: 'a b' } }, 'order', 'order_api');
    expect(url).toBe('mysql://order_api:a%20b@127.0.0.1:3307/order_service');
  });
});

function describedStack() {
  return describeStack(file);
}
