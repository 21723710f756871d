import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../load/api-client';
import { placeOne, type Patience } from '../load/caller';
import type { LoadOrder } from '../load/order-file';
import { seededRandom, wholeNumber } from '../load/random';
import { wasToldEnd } from './judgements';
import type { Story } from './view';

type Orders = Iterable<LoadOrder> | AsyncIterable<LoadOrder>;

/** Some customers change their minds; the first of these cancels come before the placing. */
const cancelShare = 0.04;
const cancelAfterMs = { min: 0, max: 400 };

/** The orders, a few of which their customers cancel; the same for the same seed. */
export async function* withCancels(orders: Orders, seed: number): AsyncGenerator<LoadOrder> {
  const random = seededRandom(seed);
  for await (const order of orders) {
    const cancels = random() < cancelShare;
    const afterMs = wholeNumber(random, cancelAfterMs.min, cancelAfterMs.max);
    yield cancels ? { cancelAfterMs: afterMs, ...order } : order;
  }
}

/** The orders, each no earlier than it is due: `everyMs` after the one before it was. */
export async function* paced(orders: Orders, everyMs: number): AsyncGenerator<LoadOrder> {
  const startedAt = performance.now();
  let due = 0;
  for await (const order of orders) {
    await sleep(Math.max(0, startedAt + due - performance.now()));
    due += everyMs;
    yield order;
  }
}

/**
 * A customer who was left not knowing asks again, with the same key: what was done is found, what
 * was not is done now, so that every order ends. Answers how many that were.
 */
export async function comeBack(
  stories: readonly Story[],
  client: ApiClient,
  options: { callers: number; pattern: string | undefined; patience: Patience },
): Promise<number> {
  const { callers, pattern, patience } = options;
  const left = stories.filter((story) => !wasToldEnd(story));
  const waiting = left.values();
  const ask = async () => {
    for (const { key, order } of waiting) await placeOne(client, order, { key, pattern, patience });
  };
  await Promise.all(Array.from({ length: callers }, ask));
  return left.length;
}
