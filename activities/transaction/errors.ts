import { errorTable } from './error-table';

/**
 * What a database error means for the transaction that met it. One table, ./error-table.ts, so
 * that no caller has to know an error number.
 */

export type ErrorClass =
  /** Deadlock or interruption: the whole transaction is gone; run it again. */
  | 'transaction-lost'
  /** A row is held by somebody else: only the statement was undone; roll back, then decide. */
  | 'lock-timeout'
  /** Nothing was sent: try again when the server is there. */
  | 'unreachable'
  /** The connection broke: the outcome is unknown, and the commit may still be executing. */
  | 'outcome-unknown'
  /** Read-only, or out of space, memory or time: wait long, and tell somebody. */
  | 'server-unfit'
  /** The same key twice, where no step expects it: a bug. */
  | 'duplicate-key'
  /** The last guard was hit (CHECK, range): a rejection was not decided before the write: a bug. */
  | 'guard-violated'
  /** The data cannot be stored, however often it is tried. */
  | 'invalid-data'
  /** Schema or privileges do not fit this build: a deployment fault. */
  | 'deployment-fault'
  | 'unknown';

/** By the server's own number: the table, turned. */
const byNumber = new Map(
  errorTable.flatMap((row) => Object.keys(row.errors).map((errno) => [Number(errno), row.class])),
);

/**
 * What the system or the driver says where the server said nothing. A connect that failed sent
 * nothing, whatever its code; on a connection that was open these mean that it broke.
 */
const broken = [
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_UNEXPECTED_PACKET',
  'PROTOCOL_INCORRECT_PACKET_SEQUENCE',
];

/** These can be met only before anything was sent: names that are not found, no more sockets. */
const unsent = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'POOL_EXHAUSTED',
  'POOL_CLOSED',
];

/** How the system calls what comes before the first byte. */
const connecting = ['connect', 'getaddrinfo', 'socket', 'bind'];

interface DriverError {
  /** Where an address has several numbers, of the tries of each. */
  errors?: unknown;
  errno?: unknown;
  code?: unknown;
  syscall?: unknown;
  name?: unknown;
  message?: unknown;
}

/** Classifies what mysql2 or knex threw. */
export function classify(error: unknown): ErrorClass {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { errno, code, name, message } = error as DriverError;
  if (name === 'KnexTimeoutError' || sentNothing(error)) return 'unreachable';
  if (typeof code === 'string' && broken.includes(code)) return 'outcome-unknown';
  const known = typeof errno === 'number' ? byNumber.get(errno) : undefined;
  if (known) return known;
  if (/closed state|closed connection|connection is closed/i.test(String(message))) {
    return 'outcome-unknown';
  }
  return 'unknown';
}

/** Did it fail before the first byte of the statement, so that it is known not to have been made? */
function sentNothing(error: DriverError): boolean {
  const { code, syscall, message, errors } = error;
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.every((one) => sentNothing((one ?? {}) as DriverError));
  }
  if (typeof syscall === 'string' && connecting.includes(syscall)) return true;
  if (typeof code !== 'string') return false;
  // Whatever the resolver says: again, fail, no data, out of memory.
  if (code.startsWith('EAI_') || unsent.includes(code)) return true;
  return code === 'ETIMEDOUT' && String(message).includes('connect');
}

/** Did a database or its driver say this? Then its message may hold SQL and a customer's data. */
export function isDatabaseError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { sqlState, sql, errno } = error as { sqlState?: unknown; sql?: unknown; errno?: unknown };
  return classify(error) !== 'unknown' || [sqlState, sql, errno].some((sign) => sign !== undefined);
}

/**
 * What an operator reads beside an order: the kind of fault and the driver's code, and only for
 * what is no database's error its message: never the SQL or the data, which may be a customer's.
 */
export function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, message } = error as DriverError;
  if (!isDatabaseError(error)) return String(message).slice(0, 200);
  return typeof code === 'string' ? `${code} (${classify(error)})` : classify(error);
}

/** How MySQL names what was violated; what it says of the data around it is not taken. */
const violated = [/constraint '([\w.]+)'/i, /column '([\w.]+)'/i, /for key '([\w.]+)'/i];

/** The constraint, column or key that an error names: an operator's first question. */
export function whatWasViolated(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { sqlMessage } = error as { sqlMessage?: unknown };
  if (typeof sqlMessage !== 'string') return undefined;
  return violated.flatMap((pattern) => sqlMessage.match(pattern)?.[1] ?? [])[0];
}
