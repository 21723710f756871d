import { setTimeout as sleep } from 'node:timers/promises';
import { failures } from '../../contracts/failures';
import type { Answer, ApiClient } from './api-client';
import type { LoadOrder } from './order-file';

/** What became of one order, as its caller knows it. */
export type Outcome =
  | { kind: 'completed' }
  | { kind: 'cancelled'; reason: string }
  /** Claimed, and not ended while the caller waited. */
  | { kind: 'pending' }
  /** A definite no that is no outcome of an order, or an answer that nobody expects. */
  | { kind: 'failed'; problem: string }
  /** Something may have been done. */
  | { kind: 'unknown' };

export interface Placed {
  outcome: Outcome;
  /** From the first byte of the creation on, and of the placing; milliseconds. */
  totalMs: number;
  placeMs: number;
  /** Calls that were made again. */
  retries: number;
}

/** How long a caller goes on. */
export interface Patience {
  /** A call that is answered "not now", or not at all, is made again for as long as this. */
  retryMsMax: number;
  /** An order that is not ended is looked at for as long as this. */
  pollMsMax: number;
  /** Between two looks, and after a call that got no answer. */
  pauseMs: number;
}

export const defaultPatience: Patience = { retryMsMax: 60_000, pollMsMax: 60_000, pauseMs: 250 };

/**
 * Creates and places one order as a good client does: the same key when it asks again, as long
 * after as `Retry-After` says, and a look at `Location` until the order has ended.
 */
export async function placeOne(
  client: ApiClient,
  order: LoadOrder,
  options: { key: string; pattern: string | undefined; patience: Patience },
): Promise<Placed> {
  const { key, pattern, patience } = options;
  const startedAt = performance.now();
  const created = await persist(() => client.create(order, key), patience);
  const createdAt = performance.now();
  const finish = (outcome: Outcome, retries: number): Placed => {
    const now = performance.now();
    return { outcome, totalMs: now - startedAt, placeMs: now - createdAt, retries };
  };
  const { answer } = created;
  if (answer?.status !== 201 || answer.orderId === undefined) {
    return finish(failureOf(answer), created.retries);
  }
  const { orderId } = answer;
  const cancelled = cancelLater(client, order, orderId, patience);
  const placed = await persist(() => client.place(order, orderId, pattern), patience);
  await cancelled;
  const retries = created.retries + placed.retries;
  if (placed.answer?.status !== 202) return finish(placeOutcome(placed.answer), retries);
  const location = placed.answer.location ?? `/orders/${orderId}`;
  return finish(await poll(client, order, location, patience), retries);
}

/** What became of the order is for the placing to tell. */
async function cancelLater(
  client: ApiClient,
  order: LoadOrder,
  orderId: string,
  patience: Patience,
): Promise<void> {
  if (order.cancelAfterMs === undefined) return;
  await sleep(order.cancelAfterMs);
  await persist(() => client.cancel(order, orderId), patience);
}

/** Makes a call until it is answered with something else than "not now". */
async function persist(
  call: () => Promise<Answer>,
  { retryMsMax, pauseMs }: Patience,
): Promise<{ answer: Answer | undefined; retries: number }> {
  const deadline = performance.now() + retryMsMax;
  for (let retries = 0; ; retries += 1) {
    const answer = await call().catch(() => undefined);
    const again = answer === undefined || isNotNow(answer);
    const pause = answer?.retryAfterS === undefined ? pauseMs : answer.retryAfterS * 1_000;
    if (!again || performance.now() + pause > deadline) return { answer, retries };
    await sleep(pause);
  }
}

/** 409 comes with `Retry-After` where another request with the same key has not ended yet. */
function isNotNow({ status, retryAfterS }: Answer): boolean {
  return [409, 429, 503].includes(status) && retryAfterS !== undefined;
}

function placeOutcome(answer: Answer | undefined): Outcome {
  if (answer?.status === 200) return ended(answer) ?? { kind: 'failed', problem: 'http-200' };
  if (answer?.status === 409 && answer.reason !== undefined && answer.reason in failures) {
    return { kind: 'cancelled', reason: answer.reason };
  }
  return failureOf(answer);
}

function failureOf(answer: Answer | undefined): Outcome {
  if (!answer || answer.problem === 'outcome-unknown') return { kind: 'unknown' };
  return { kind: 'failed', problem: answer.problem ?? `http-${String(answer.status)}` };
}

async function poll(
  client: ApiClient,
  order: LoadOrder,
  location: string,
  { pollMsMax, pauseMs }: Patience,
): Promise<Outcome> {
  const deadline = performance.now() + pollMsMax;
  while (performance.now() + pauseMs < deadline) {
    await sleep(pauseMs);
    const answer = await client.look(order, location).catch(() => undefined);
    const outcome = answer && ended(answer);
    if (outcome) return outcome;
  }
  return { kind: 'pending' };
}

function ended({ orderStatus, reason }: Answer): Outcome | undefined {
  if (orderStatus === 'COMPLETED') return { kind: 'completed' };
  if (orderStatus === 'CANCELLED') return { kind: 'cancelled', reason: reason ?? 'unnamed' };
  return undefined;
}
