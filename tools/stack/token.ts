import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JwtIssuer } from './state';

export const staffRoles = ['viewer', 'operator', 'approver'] as const;
export type StaffRole = (typeof staffRoles)[number];

/** Whom a token speaks for. */
export type TokenSubject = { customerId: string } | { role: StaffRole };

const validFor = '12 hours';

/** Signs a token for the development stack that holds the key: ES256, good for 12 hours. */
export function mintToken(stack: { jwt: JwtIssuer }, subject: TokenSubject): Promise<string> {
  const { privateKey, issuer, audience } = stack.jwt;
  const isCustomer = 'customerId' in subject;
  return new SignJWT({ role: isCustomer ? 'customer' : subject.role })
    .setProtectedHeader({ alg: 'ES256' })
    .setSubject(isCustomer ? subject.customerId : `local-${subject.role}`)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(validFor)
    .sign(createPrivateKey(privateKey));
}
