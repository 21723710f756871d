import type { IncomingMessage } from 'node:http';
import { databaseFault } from '../activities/order/intake';
import { Problem } from './problems';

/** The three ways in which the API says "not now", told apart by what has been done. */

const retryAfterS = 1;

/** Too much waits already: nothing was done. */
export function overloaded(): Problem {
  return new Problem('overloaded', 'Nothing was done. Try again in a moment.', {
    headers: { 'Retry-After': String(retryAfterS) },
  });
}

/** There are more connections than the API takes: the request was not looked at. */
export function tooManyConnections(): Problem {
  return new Problem('overloaded', 'There are too many connections. Nothing was done.', {
    headers: { 'Retry-After': String(retryAfterS) },
  });
}

/** A database, or Temporal, is away: nothing was done. */
export function unavailable(cause?: unknown): Problem {
  return new Problem('unavailable', 'Nothing was done. Try again in a moment.', {
    headers: { 'Retry-After': String(retryAfterS) },
    cause,
  });
}

/** An order may have been claimed, or cancelled: its own page will tell. */
export function orderOutcomeUnknown(orderId: string, cause?: unknown): Problem {
  return outcomeUnknown(orderId, `/orders/${orderId}`, cause);
}

/** The same with another page to look at: staff cannot read a customer's. */
export function outcomeUnknown(orderId: string, lookAt: string, cause?: unknown): Problem {
  return new Problem('outcome-unknown', `It may have been done. Look at ${lookAt}.`, {
    extensions: { orderId, lookAt },
    headers: { Location: lookAt, 'Retry-After': String(retryAfterS) },
    cause,
  });
}

/** An order may have been created: the same request finds it. */
export function creationOutcomeUnknown(cause?: unknown): Problem {
  return new Problem(
    'outcome-unknown',
    'It may have been done. Send the same request with the same Idempotency-Key again.',
    { headers: { 'Retry-After': String(retryAfterS) }, cause },
  );
}

/**
 * For a request on which the app still works when the server has to end: a read has done nothing,
 * and of a write nobody knows. Its caller is told where to look, as by the app itself.
 */
export function notAnswered({
  method,
  url = '',
}: Pick<IncomingMessage, 'method' | 'url'>): Problem {
  if (method === 'GET' || method === 'HEAD') return unavailable();
  const [path] = url.split('?');
  if (path === '/orders') return creationOutcomeUnknown();
  const [page, orderId] = /^(?:\/operator)?\/orders\/([\w-]+)(?=\/)/.exec(url) ?? [];
  if (page !== undefined && orderId !== undefined) return outcomeUnknown(orderId, page);
  return new Problem('outcome-unknown', 'The server is stopping. It may have been done.', {
    headers: { 'Retry-After': String(retryAfterS) },
  });
}

/**
 * What a caller is told of an error that a write met: a problem stays itself, a database's fault
 * becomes one, and a bug is left as it is.
 */
export function explain(error: unknown, unknown: (cause: unknown) => Problem): unknown {
  if (error instanceof Problem) return error;
  const fault = databaseFault(error);
  if (fault === 'outcome-unknown') return unknown(error);
  return fault === 'unavailable' ? unavailable(error) : error;
}
