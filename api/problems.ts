import { failures, type FailureCode } from '../contracts/failures';

/**
 * `unavailable` says that the API cannot serve, which may be tried again; of an order it says that
 * it was given up, for good. Every other failure is a problem of the same name.
 */
type FailureProblem = Exclude<FailureCode, 'unavailable'> | 'cancelled-unavailable';

const failureCodes = Object.keys(failures) as FailureCode[];

/** Where an order's failure stands in the table of problems. */
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
 * Every error that a caller can see is one row of this table, and is answered as
 * `application/problem+json` (RFC 9457) with the type `/problems/<code>`. Types are stable:
 * clients decide by them.
 */
export const problemTypes = {
  'malformed-request': { status: 400, title: 'The request is malformed' },
  'invalid-id': { status: 400, title: 'This is not an id' },
  'invalid-idempotency-key': { status: 400, title: 'The Idempotency-Key is missing or invalid' },
  unauthenticated: { status: 401, title: 'A valid token is needed' },
  forbidden: { status: 403, title: 'Not allowed with this role' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'This path has no such method' },
  'request-timeout': { status: 408, title: 'The request came too slowly' },
  'already-completed': { status: 409, title: 'The order is completed, or is being completed' },
  'idempotency-key-in-use': { status: 409, title: 'The key is in use' },
  'not-pending': { status: 409, title: 'The order does not wait for an operator' },
  'resolution-under-way': { status: 409, title: 'A resolution of the order is under way' },
  'resolution-unsafe': { status: 409, title: 'This would not be safe' },
  ...orderFailures,
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be plain JSON' },
  'expectation-failed': { status: 417, title: 'This expectation cannot be met' },
  validation: { status: 422, title: 'The request is not valid' },
  'unknown-product': { status: 422, title: 'A product is unknown or not sold any more' },
  'idempotency-key-reuse': { status: 422, title: 'The key was used for another request' },
  'pattern-unavailable': { status: 422, title: 'This pattern is not available' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  overloaded: { status: 503, title: 'Too much is asked for at once' },
  unavailable: { status: 503, title: 'A part of the system is away or busy' },
  'outcome-unknown': { status: 503, title: 'It is not known whether this was done' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemTypes;

/** One fault of a request; a place in its body, or a parameter of its query. */
export type Fault = { pointer: string; detail: string } | { parameter: string; detail: string };

/** A product of which an order asks for more than there is. */
export interface ShortProduct {
  productId: string;
  quantity: number;
  available: number;
}

/** Members of a problem beyond those that every problem has. */
export interface ProblemExtensions {
  errors?: Fault[];
  /** How many faults there are beyond those listed. */
  errorsOmitted?: number;
  orderId?: string;
  /** Why the order was cancelled. */
  reason?: FailureCode;
  /** Where the outcome can be looked up. */
  lookAt?: string;
  available?: readonly string[];
  /** The products of which there is not enough for the order, by the stock as it is now. */
  products?: ShortProduct[];
  dependencies?: Record<string, 'up' | 'down'>;
}

export interface ProblemOptions {
  extensions?: ProblemExtensions;
  headers?: Record<string, string>;
  /** What went wrong inside: logged, never sent. */
  cause?: unknown;
}

/** Thrown anywhere below the API's error handler to end a request with a problem. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    /** A sentence for the caller who reads the answer: no SQL, no stack, nothing of the inside. */
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
