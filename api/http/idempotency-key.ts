import { orderLimits } from '../../contracts/limits';
import { headerCount, type ApiContext } from './context';
import { Problem } from './problems';

const header = 'Idempotency-Key';
const printableAscii = /^[\x20-\x7e]+$/;

/**
 * The request's idempotency key.
 *
 * @throws Problem `invalid-idempotency-key` if the key is missing, empty, too long, not printable
 *   ASCII, or sent twice (Node would join the two into a third key).
 */
export function idempotencyKey(c: ApiContext): string {
  const key = c.req.header(header);
  if (key === undefined || key === '') throw invalid('is missing.');
  if (headerCount(c, header.toLowerCase()) > 1) throw invalid('was sent twice.');
  if (key.length > orderLimits.idempotencyKeyLengthMax) {
    throw invalid(`has more than ${String(orderLimits.idempotencyKeyLengthMax)} characters.`);
  }
  if (!printableAscii.test(key)) throw invalid('contains characters other than printable ASCII.');
  return key;
}

function invalid(what: string): Problem {
  return new Problem('invalid-idempotency-key', `The ${header} header ${what}`);
}
