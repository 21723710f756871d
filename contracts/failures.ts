/**
 * One table of every way in which an order can end without being placed: its code, the HTTP
 * status and the words that a caller gets, and what the caller can do about it.
 */

interface FailureRule {
  httpStatus: 409;
  title: string;
  /** A whole sentence, for the problem's detail. */
  advice: string;
}

export const failures = {
  'insufficient-stock': {
    httpStatus: 409,
    title: 'Not enough stock',
    advice: 'Whatever was taken was given back; order less, or later, as a new order.',
  },
  'insufficient-points': {
    httpStatus: 409,
    title: 'Not enough points',
    advice: 'Whatever was taken was given back; order less, or with more points, as a new order.',
  },
  'cancelled-by-customer': {
    httpStatus: 409,
    title: 'Cancelled by the customer',
    advice: 'Whatever was taken was given back.',
  },
  'cancelled-by-operator': {
    httpStatus: 409,
    title: 'Cancelled by an operator',
    advice: 'Whatever was taken was given back.',
  },
  unavailable: {
    httpStatus: 409,
    title: 'A service could not do its part in time',
    advice: 'Whatever was taken was given back; the same as a new order may succeed.',
  },
} as const satisfies Record<string, FailureRule>;

/** Why an order ended CANCELLED. */
export type FailureCode = keyof typeof failures;

/** The codes with which a participant turns an order down; stock's comes before points'. */
export type RejectionCode = 'insufficient-stock' | 'insufficient-points';

/** Faults of ours, never the customer's: the order waits, PENDING, for an operator. */
export type BrokenCode =
  | 'content-mismatch'
  | 'unknown-product'
  | 'unknown-order'
  | 'guard-violated'
  | 'invalid-data'
  | 'effect-unaccounted'
  /** TCC: of a reservation that was never made, or is gone already, or is made good already. */
  | 'confirm-without-reservation'
  | 'confirm-after-cancel'
  | 'cancel-after-confirm';
