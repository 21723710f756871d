import { call, type Answer, type Call } from './harness';
import type { Api } from '../../api/app';

/** What the tests of placing and cancelling say often. */

export function place(api: Api, orderId: string, options: Call = {}): Promise<Answer> {
  return call(api, 'POST', `/orders/${orderId}/place`, options);
}

export function cancel(api: Api, orderId: string, options: Call = {}): Promise<Answer> {
  return call(api, 'POST', `/orders/${orderId}/cancel`, options);
}

export function prefer(value: string): Call {
  return { headers: { Prefer: value } };
}

/** What is answered of an order; ended, and placed by a saga, unless `changes` say otherwise. */
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
