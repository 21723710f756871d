/**
 * One table of every way in which an order can end without being placed: its code, the HTTP
 * status and the words that a caller gets, and what the caller can do about it.
 */
import { participants, type RejectionCode, type UnknownBalanceCode } from './participants';

interface FailureRule {
  httpStatus: 409;
  title: string;
  /** A whole sentence, for the problem's detail. */
  advice: string;
}

const others = {
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

/** Why an order ended CANCELLED: a participant's refusal comes before all else. */
export type FailureCode = RejectionCode | keyof typeof others;

const rejections = participants.map(
  ({ rejection: { code, title, advice } }): [RejectionCode, FailureRule] => [
    code,
    { httpStatus: 409, title, advice },
  ],
);

export const failures: Readonly<Record<FailureCode, FailureRule>> = {
  ...(Object.fromEntries(rejections) as Record<RejectionCode, FailureRule>),
  ...others,
};

/** Faults of ours, never the customer's: the order waits, PENDING, for an operator. */
export type BrokenCode =
  | 'content-mismatch'
  | UnknownBalanceCode
  | 'unknown-order'
  | 'guard-violated'
  | 'invalid-data'
  | 'effect-unaccounted'
  /** TCC: of a reservation that was never made, or is gone already, or is made good already. */
  | 'confirm-without-reservation'
  | 'confirm-after-cancel'
  | 'cancel-after-confirm';
