/**
 * What a database error means for the transaction that met it. One table, so that no caller has
 * to know an error number.
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
  /** Read-only, or out of space: wait long, and tell somebody. */
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

const byNumber: Record<number, ErrorClass> = {
  1213: 'transaction-lost',
  1317: 'transaction-lost',
  // The session was silent for too long, as that of a process that was frozen; the server had
  // ended it before it read the statement.
  4031: 'transaction-lost',
  1205: 'lock-timeout',
  3572: 'lock-timeout',
  1040: 'unreachable',
  1203: 'unreachable',
  1226: 'unreachable',
  1053: 'outcome-unknown',
  1290: 'server-unfit',
  1836: 'server-unfit',
  1114: 'server-unfit',
  1021: 'server-unfit',
  1062: 'duplicate-key',
  3819: 'guard-violated',
  1690: 'guard-violated',
  1264: 'guard-violated',
  1406: 'invalid-data',
  1366: 'invalid-data',
  1364: 'invalid-data',
  1048: 'invalid-data',
  1451: 'invalid-data',
  1452: 'invalid-data',
  1064: 'deployment-fault',
  1054: 'deployment-fault',
  1146: 'deployment-fault',
  1049: 'deployment-fault',
  1045: 'deployment-fault',
  1044: 'deployment-fault',
  1142: 'deployment-fault',
  1143: 'deployment-fault',
};

/** The driver's own words where the server said nothing: `errno` is undefined or the system's. */
const byCode: Record<string, ErrorClass> = {
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  POOL_EXHAUSTED: 'unreachable',
  ETIMEDOUT: 'outcome-unknown',
  PROTOCOL_CONNECTION_LOST: 'outcome-unknown',
  ECONNRESET: 'outcome-unknown',
  EPIPE: 'outcome-unknown',
  PROTOCOL_SEQUENCE_TIMEOUT: 'outcome-unknown',
};

interface DriverError {
  errno?: unknown;
  code?: unknown;
  syscall?: unknown;
  name?: unknown;
  message?: unknown;
}

/** Classifies what mysql2 or knex threw. */
export function classify(error: unknown): ErrorClass {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { errno, code, syscall, name, message } = error as DriverError;
  // A connect that timed out or was refused sent nothing, whatever the code says.
  if (syscall === 'connect' || (code === 'ETIMEDOUT' && String(message).includes('connect'))) {
    return 'unreachable';
  }
  if (name === 'KnexTimeoutError') return 'unreachable';
  if (typeof code === 'string' && byCode[code]) return byCode[code];
  if (typeof errno === 'number' && byNumber[errno]) return byNumber[errno];
  if (/closed state|closed connection|connection is closed/i.test(String(message))) {
    return 'outcome-unknown';
  }
  return 'unknown';
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
