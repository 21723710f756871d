import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { stringify } from 'lossless-json';
import type { ApiContext } from './context';

/**
 * Answers JSON in which a bigint is a whole number with all its digits. `JSON.stringify` refuses
 * bigints, and as a number what is above 2^53 would be rounded. A reader whose numbers are doubles
 * has to parse such an answer with a parser of its own.
 *
 * Hono's types know no JSON with bigints, hence `never`: it fits every route, and the caller says
 * that the answer satisfies the route's schema.
 */
export function exactJson(c: ApiContext, answer: object, status: ContentfulStatusCode): never {
  const text = stringify(answer);
  if (text === undefined) throw new Error('This is no JSON');
  return c.body(text, status, { 'Content-Type': 'application/json' }) as never;
}
