import type { IncomingMessage } from 'node:http';
import { databaseFault } from '../../activities/order/intake';
import { Problem } from './problems';

/** The three problems that mean "not now". They differ in what has been done. */

const retryAfterS = 1;

/** Too many requests wait already; nothing was done. */
export function overloaded(): Problem {
  return new Problem('overloaded', 'Nothing was done. Try again in a moment.', {
    headers: { 'Retry-After': String(retryAfterS) },
  });
}

/** The connection limit is reached; the API did not read the request. */
export function tooManyConnections(): Problem {
  return new Problem('overloaded', 'Too many connections are open. Nothing was done.', {
    headers: { 'Retry-After': String(retryAfterS) },
  });
}

/** A database or Temporal does not answer; nothing was done. */
export function unavailable(cause?: unknown): Problem {
  return new Problem('unavailable', 'Nothing was done. Try again in a moment.', {
    headers: { 'Retry-After': String(retryAfterS) },
    cause,
  });
}

/** An order may have been claimed or cancelled; its own resource shows which. */
export function orderOutcomeUnknown(orderId: string, cause?: unknown): Problem {
  return outcomeUnknown(orderId, `/orders/${orderId}`, cause);
}

/** The same, with another resource to look at: staff cannot read a customer's. */
export function outcomeUnknown(orderId: string, lookAt: string, cause?: unknown): Problem {
  return new Problem('outcome-unknown', `The request may have been carried out. See ${lookAt}.`, {
    extensions: { orderId, lookAt },
    headers: { Location: lookAt, 'Retry-After': String(retryAfterS) },
    cause,
  });
}

/** An order may have been created; the same request finds it. */
export function creationOutcomeUnknown(cause?: unknown): Problem {
  return new Problem(
    'outcome-unknown',
    'The order may have been created. Repeat the request with the same Idempotency-Key.',
    { headers: { 'Retry-After': String(retryAfterS) }, cause },
  );
}

/**
 * For a request that is still running when the server has to stop. A read has changed nothing; the
 * outcome of a write is unknown, and its caller is told where to look, as the app itself would.
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
  return new Problem(
    'outcome-unknown',
    'The server is stopping. The request may have been carried out.',
    {
      headers: { 'Retry-After': String(retryAfterS) },
    },
  );
}

/**
 * The error that a caller gets when a write fails: a problem stays as it is, a database fault
 * becomes a problem, and a bug is passed on.
 */
export function toProblem(error: unknown, unknown: (cause: unknown) => Problem): unknown {
  if (error instanceof Problem) return error;
  const fault = databaseFault(error);
  if (fault === 'outcome-unknown') return unknown(error);
  return fault === 'unavailable' ? unavailable(error) : error;
}
