/**
 * Every reason for which an order ends CANCELLED: its code, the HTTP status and title that the
 * caller gets, and what the caller can do.
 */
import { participants, type RejectionCode, type UnknownBalanceCode } from './participants';

interface FailureRule {
  httpStatus: 409;
  title: string;
  /** Whole sentences for the problem's detail. */
  advice: string;
}

const others = {
  'cancelled-by-customer': {
    httpStatus: 409,
    title: 'Cancelled by the customer',
    advice: 'Everything that was taken has been returned.',
  },
  'cancelled-by-operator': {
    httpStatus: 409,
    title: 'Cancelled by an operator',
    advice: 'Everything that was taken has been returned.',
  },
  unavailable: {
    httpStatus: 409,
    title: 'A service did not respond in time',
    advice: 'Everything that was taken has been returned. A new order may succeed.',
  },
} as const satisfies Record<string, FailureRule>;

/**
 * Why an order ended CANCELLED. A participant's refusal takes precedence over the other reasons.
 */
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

/** Faults of the system, never the customer's: the order waits as PENDING for an operator. */
export type BrokenCode =
  | 'content-mismatch'
  | UnknownBalanceCode
  | 'unknown-order'
  | 'guard-violated'
  | 'invalid-data'
  | 'effect-unaccounted'
  /** TCC: the reservation was never made, was cancelled already, or was confirmed already. */
  | 'confirm-without-reservation'
  | 'confirm-after-cancel'
  | 'cancel-after-confirm';
