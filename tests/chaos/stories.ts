import { byParticipant } from '../../contracts/participants';
import type { FinalOrder } from '../../tools/chaos/final';
import { resultOf, type Operation } from '../../tools/chaos/view';
import type { SeenCall, Story } from '../../tools/chaos/view';
import type { Answer } from '../../tools/load/api-client';

/** Call histories and rows to judge: one order of three pieces for 24 points. */

export const order = { customerId: 'c-1', items: [{ productId: 'p-1', quantity: 3 }] };
export const limits = { healedMs: 20_000, endMsMax: 60_000 };

/** A call of 100 ms; its answer is undefined if none arrived. */
export function call(op: Operation, atMs: number, answer?: Answer): SeenCall {
  const seen = { op, invokedMs: atMs, endedMs: atMs + 100, result: resultOf(op, answer) };
  return answer ? { ...seen, answer } : seen;
}

export const created: Answer = { status: 201, orderId: 'o-1', orderStatus: 'CREATED' };
export const completed: Answer = { status: 200, orderId: 'o-1', orderStatus: 'COMPLETED' };
const location = '/orders/o-1';
export const accepted: Answer = { status: 202, orderId: 'o-1', orderStatus: 'PLACING', location };
export const overloaded: Answer = { status: 503, problem: 'overloaded', retryAfterS: 1 };
export const nobodyKnows: Answer = {
  status: 503,
  problem: 'outcome-unknown',
  orderId: 'o-1',
  location,
};
export const noStock: Answer = {
  status: 409,
  problem: 'insufficient-stock',
  reason: 'insufficient-stock',
  orderId: 'o-1',
};

/** The usual calls of an order. */
export const create = call('create', 1_000, created);
export const place = call('place', 2_000, completed);

export function story(...calls: SeenCall[]): Story {
  return { key: 'k-1', order, calls };
}

/** The order's rows in the ledgers. */
export function moved(
  product: Record<string, number>,
  point: Record<string, number>,
): FinalOrder['moved'] {
  return { ...byParticipant(() => ({})), product, point };
}

/** The order after a good run: created at 1 s, claimed and completed at 2 s. */
export function row(changes: Partial<FinalOrder> = {}): FinalOrder {
  return {
    orderId: 'o-1',
    customerId: 'c-1',
    key: 'k-1',
    status: 'COMPLETED',
    reason: null,
    total: 24,
    lines: [{ productId: 'p-1', quantity: 3, unitPrice: 8 }],
    createdMs: 1_050,
    ownedMs: 2_020,
    adopted: false,
    endedMs: 2_080,
    moved: moved({ 'p-1': 3 }, { 'c-1': 24 }),
    ...changes,
  };
}

const untouched = { moved: moved({}, {}) };

/** The same order if it was never claimed, or was cancelled. */
export const createdRow = row({ ...untouched, status: 'CREATED', ownedMs: null, endedMs: null });
export const cancelledRow = row({
  ...untouched,
  status: 'CANCELLED',
  reason: 'insufficient-stock',
});
