import { call, type Answer, type Call } from './harness';
import type { Api } from '../../api/app';

/** Helpers for the tests of placing and cancelling. */

export function place(api: Api, orderId: string, options: Call = {}): Promise<Answer> {
  return call(api, 'POST', `/orders/${orderId}/place`, options);
}

export function cancel(api: Api, orderId: string, options: Call = {}): Promise<Answer> {
  return call(api, 'POST', `/orders/${orderId}/cancel`, options);
}

export function prefer(value: string): Call {
  return { headers: { Prefer: value } };
}

/** The answer for an order; by default ended and placed by a saga. */
export function summary(orderId: string, changes: object): object {
  return {
    orderId,
    pattern: 'saga',
    reason: null,
    total: 5,
    createdAt: expect.stringMatching(/Z$/) as string,
    endedAt: expect.stringMatching(/Z$/) as string,
    ...changes,
  };
}
