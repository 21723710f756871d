import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { stringify } from 'lossless-json';
import type { ApiContext } from './context';

/**
 * Answers JSON that writes a bigint as a whole number with all its digits. `JSON.stringify` refuses
 * bigints, and a number above 2^53 would be rounded. A client whose numbers are doubles needs a
 * parser that keeps the digits.
 *
 * Hono's types have no JSON with bigints. The result is `never`, which fits every route; the caller
 * checks that the answer satisfies the route's schema.
 */
export function exactJson(c: ApiContext, answer: object, status: ContentfulStatusCode): never {
  const text = stringify(answer);
  if (text === undefined) throw new Error('The answer is not JSON');
  return c.body(text, status, { 'Content-Type': 'application/json' }) as never;
}
