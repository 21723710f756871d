import { orderLimits } from '../contracts/limits';
import { headerCount, type ApiContext } from './context';
import { Problem } from './problems';

const header = 'Idempotency-Key';
const printableAscii = /^[\x20-\x7e]+$/;

/**
 * The request's idempotency key.
 *
 * @throws Problem `invalid-idempotency-key` when it is missing, empty, too long, not printable
 *   ASCII, or sent twice, which Node would join to a third key.
 */
export function idempotencyKey(c: ApiContext): string {
  const key = c.req.header(header);
  if (key === undefined || key === '') throw invalid('is missing.');
  if (headerCount(c, header.toLowerCase()) > 1) throw invalid('was sent twice.');
  if (key.length > orderLimits.idempotencyKeyLengthMax) {
    throw invalid(`has more than ${String(orderLimits.idempotencyKeyLengthMax)} characters.`);
  }
  if (!printableAscii.test(key)) throw invalid('holds more than printable ASCII.');
  return key;
}

function invalid(what: string): Problem {
  return new Problem('invalid-idempotency-key', `The ${header} header ${what}`);
}
