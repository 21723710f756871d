import { failures, type FailureCode } from '../../contracts/failures';

/**
 * The API's problem `unavailable` means "try again". The order's failure `unavailable` is final, so
 * its problem has another name. Every other failure is a problem of the same name.
 */
type FailureProblem = Exclude<FailureCode, 'unavailable'> | 'cancelled-unavailable';

const failureCodes = Object.keys(failures) as FailureCode[];

/** The problem that reports an order's failure. */
export const problemOfFailure = Object.fromEntries(
  failureCodes.map((code) => [code, code === 'unavailable' ? 'cancelled-unavailable' : code]),
) as Readonly<Record<FailureCode, FailureProblem>>;

const orderFailures = Object.fromEntries(
  failureCodes.map((code) => {
    const { httpStatus, title } = failures[code];
    return [problemOfFailure[code], { status: httpStatus, title }];
  }),
) as Record<FailureProblem, { status: 409; title: string }>;

/**
 * Every error that a caller can see, one row each. The API answers it as `application/problem+json`
 * (RFC 9457) with the type `/problems/<code>`. Types are stable because clients depend on them.
 */
export const problemTypes = {
  'malformed-request': { status: 400, title: 'Malformed request' },
  'invalid-id': { status: 400, title: 'Invalid id' },
  'invalid-idempotency-key': { status: 400, title: 'Missing or invalid Idempotency-Key' },
  unauthenticated: { status: 401, title: 'A valid token is required' },
  forbidden: { status: 403, title: 'Not allowed for this role' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': { status: 408, title: 'Request timed out' },
  'already-completed': { status: 409, title: 'The order is completed or being completed' },
  'idempotency-key-in-use': { status: 409, title: 'A request with this key is still in progress' },
  'not-pending': { status: 409, title: 'The order is not pending' },
  'resolution-under-way': { status: 409, title: 'Another resolution of this order is in progress' },
  'resolution-unsafe': { status: 409, title: 'The resolution is not safe' },
  ...orderFailures,
  'body-too-large': { status: 413, title: 'Request body too large' },
  'unsupported-media-type': { status: 415, title: 'The request body must be JSON' },
  'expectation-failed': { status: 417, title: 'Unsupported expectation' },
  validation: { status: 422, title: 'Invalid request' },
  'unknown-product': { status: 422, title: 'A product is unknown or no longer sold' },
  'idempotency-key-reuse': { status: 422, title: 'The key was used for a different request' },
  'pattern-unavailable': { status: 422, title: 'This pattern is not available' },
  'headers-too-large': { status: 431, title: 'Request headers too large' },
  internal: { status: 500, title: 'Internal error' },
  overloaded: { status: 503, title: 'The system is overloaded' },
  unavailable: { status: 503, title: 'Part of the system is unavailable' },
  'outcome-unknown': { status: 503, title: 'The outcome is unknown' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemTypes;

/** One fault of a request: at a place in its body, or in a parameter of its query. */
export type Fault = { pointer: string; detail: string } | { parameter: string; detail: string };

/** A product of which an order wants more than is in stock. */
export interface ShortProduct {
  productId: string;
  quantity: number;
  available: number;
}

/** Members that only some problems have. */
export interface ProblemExtensions {
  errors?: Fault[];
  /** How many faults are not listed. */
  errorsOmitted?: number;
  orderId?: string;
  /** Why the order was cancelled. */
  reason?: FailureCode;
  /** Where the outcome can be looked up. */
  lookAt?: string;
  available?: readonly string[];
  /** The order's products that are short of stock now. */
  products?: ShortProduct[];
  dependencies?: Record<string, 'up' | 'down'>;
}

export interface ProblemOptions {
  extensions?: ProblemExtensions;
  headers?: Record<string, string>;
  /** The internal cause: logged, never sent. */
  cause?: unknown;
}

/** Thrown anywhere below the API's error handler to end a request with a problem. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    /** A sentence for the caller, without SQL, stack or other internals. */
    readonly detail: string,
    readonly options: ProblemOptions = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
  }
}

export const problemContentType = 'application/problem+json';

/** The problem as it is sent. */
export function problemBody(
  { code, detail, options }: Problem,
  occurrence: { instance: string; requestId: string },
) {
  const { status, title } = problemTypes[code];
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail,
    instance: occurrence.instance,
    requestId: occurrence.requestId,
    ...options.extensions,
  };
}
