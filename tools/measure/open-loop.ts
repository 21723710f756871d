import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../load/api-client';
import { placeOne, type Patience } from '../load/caller';
import type { LoadOrder } from '../load/order-file';
import { Outcomes, type Summary } from '../load/outcomes';
import { seededRandom } from '../load/random';

export interface OpenLoopOptions {
  client: ApiClient;
  orders: Iterator<LoadOrder>;
  /** When each order is to be sent, in milliseconds from the start; ascending. */
  dueMs: readonly number[];
  /** An order that is due while so many are under way is not sent, but counted as shed. */
  outstandingMax: number;
  keyPrefix: string;
  patience: Patience;
}

export interface OpenSummary extends Summary {
  /** Orders that were not sent: with any, the latencies are those of the others, and too good. */
  shed: number;
}

/**
 * Instants of a Poisson process: customers who do not know of each other come at random, and so
 * now and then in a crowd. The same for the same seed.
 *
 * @param rate orders a second, on average
 */
export function schedule(rate: number, seconds: number, seed: number): number[] {
  const random = seededRandom(seed);
  const due: number[] = [];
  for (let at = 0; ;) {
    at -= (Math.log(1 - random()) / rate) * 1_000;
    if (at >= seconds * 1_000) return due;
    due.push(at);
  }
}

/**
 * Sends orders when they are due, whether or not earlier ones have been answered, and counts each
 * latency from when its order was due: a server that stalls is charged for everybody who would
 * have come meanwhile, and a generator that is late does not flatter it.
 */
export async function runOpenLoop(options: OpenLoopOptions): Promise<OpenSummary> {
  const { client, orders, dueMs, outstandingMax, keyPrefix, patience } = options;
  const outcomes = new Outcomes();
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let shed = 0;
  const send = async (order: LoadOrder, key: string, dueAt: number) => {
    const lateMs = performance.now() - dueAt;
    const placed = await placeOne(client, order, { key, pattern: undefined, patience });
    outcomes.record({ ...placed, totalMs: placed.totalMs + lateMs });
  };
  for (const [index, due] of dueMs.entries()) {
    const waitMs = startedAt + due - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    // What is due at once is sent at once, yet answers must be heard in between.
    else if (index % 64 === 0) await sleep(0);
    const next = orders.next();
    if (next.done) break;
    if (underWay.size >= outstandingMax) {
      shed += 1;
      continue;
    }
    const sent: Promise<void> = send(next.value, `${keyPrefix}-${index}`, startedAt + due).finally(
      () => underWay.delete(sent),
    );
    underWay.add(sent);
  }
  await Promise.all(underWay);
  return { ...outcomes.summary((performance.now() - startedAt) / 1_000), shed };
}
