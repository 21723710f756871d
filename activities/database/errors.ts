import { errorTable } from './error-table';

/**
 * What a database error means for its transaction. The table is ./error-table.ts; no caller needs
 * to know an error number.
 */

export type ErrorClass =
  /** Deadlock or interruption: the whole transaction was rolled back; run it again. */
  | 'transaction-lost'
  /** Another session holds a row: only the statement was undone. Roll back, then decide. */
  | 'lock-timeout'
  /** Nothing was sent: retry when the server is reachable. */
  | 'unreachable'
  /** The connection broke: the outcome is unknown, and the commit may still be executing. */
  | 'outcome-unknown'
  /** Read-only, or out of space, memory or time: retry slowly, and alert an operator. */
  | 'server-unfit'
  /** A duplicate key that no step expects: a bug. */
  | 'duplicate-key'
  /**
   * The last guard (CHECK, range) was violated: a step failed to reject before the write, which is
   * a bug.
   */
  | 'guard-violated'
  /** The data can never be stored. */
  | 'invalid-data'
  /** Schema or privileges do not fit this build: a deployment fault. */
  | 'deployment-fault'
  | 'unknown';

/** The table's classes by MySQL error number. */
const byNumber = new Map(
  errorTable.flatMap((row) => Object.keys(row.errors).map((errno) => [Number(errno), row.class])),
);

/**
 * Codes of the system or the driver, for errors that did not come from the server. A failed connect
 * sent nothing, whatever its code. On an open connection these codes mean that it broke.
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

/** Codes that occur only before anything was sent: unresolved names, no free sockets. */
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

/** The system calls that come before the first byte. */
const connecting = ['connect', 'getaddrinfo', 'socket', 'bind'];

interface DriverError {
  /** The errors of each address, if a name has several. */
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

/** Whether the statement failed before its first byte was sent, so it cannot have taken effect. */
function sentNothing(error: DriverError): boolean {
  const { code, syscall, message, errors } = error;
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.every((one) => sentNothing((one ?? {}) as DriverError));
  }
  if (typeof syscall === 'string' && connecting.includes(syscall)) return true;
  if (typeof code !== 'string') return false;
  // All errors of the resolver: try again, failure, no data, out of memory.
  if (code.startsWith('EAI_') || unsent.includes(code)) return true;
  return code === 'ETIMEDOUT' && String(message).includes('connect');
}

/**
 * Whether a database or its driver raised this error. Its message may then contain SQL and a
 * customer's data.
 */
export function isDatabaseError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { sqlState, sql, errno } = error as { sqlState?: unknown; sql?: unknown; errno?: unknown };
  return classify(error) !== 'unknown' || [sqlState, sql, errno].some((sign) => sign !== undefined);
}

/**
 * The text for operators: the kind of fault and the driver's code. Only other errors include their
 * message, because a database error's message may contain SQL and a customer's data.
 */
export function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, message } = error as DriverError;
  if (!isDatabaseError(error)) return String(message).slice(0, 200);
  return typeof code === 'string' ? `${code} (${classify(error)})` : classify(error);
}

/** How MySQL names what was violated. The data in the message is not taken. */
const violated = [/constraint '([\w.]+)'/i, /column '([\w.]+)'/i, /for key '([\w.]+)'/i];

/** The constraint, column or key that an error names. */
export function whatWasViolated(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { sqlMessage } = error as { sqlMessage?: unknown };
  if (typeof sqlMessage !== 'string') return undefined;
  return violated.flatMap((pattern) => sqlMessage.match(pattern)?.[1] ?? [])[0];
}
