import type { ApiClient } from './api-client';
import { placeOne, type Patience } from './caller';
import type { LoadOrder } from './order-file';
import { Outcomes, type Summary } from './outcomes';

/** What is to be placed, and how. */
export interface LoadOptions {
  client: ApiClient;
  orders: Iterable<LoadOrder> | AsyncIterable<LoadOrder>;
  /** How many orders are under way at once; each caller begins its next when one has ended. */
  callers: number;
  /** For orders that name none themselves; undefined leaves the choice to the API. */
  pattern: string | undefined;
  /** In front of every idempotency key, so that two runs place different orders. */
  keyPrefix: string;
  patience: Patience;
  onProgress: (ordersDone: number) => void;
  /** Callers finish what they have begun, and begin nothing more. */
  signal?: AbortSignal;
}

/** Places all orders in a closed loop, and answers once the last one has its outcome. */
export async function runLoad(options: LoadOptions): Promise<Summary> {
  const { client, callers, keyPrefix, patience, onProgress, signal } = options;
  const outcomes = new Outcomes();
  const next = numbered(options.orders);
  let done = 0;
  const call = async () => {
    for (;;) {
      const { value } = signal?.aborted ? { value: undefined } : await next.next();
      if (!value) return;
      const { order, number } = value;
      const key = `${keyPrefix}-${String(number)}`;
      const pattern = order.pattern ?? options.pattern;
      outcomes.record(await placeOne(client, order, { key, pattern, patience }));
      done += 1;
      onProgress(done);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: callers }, call));
  // Closes the file that orders may come from, where the load was stopped before its end.
  await next.return(undefined);
  return outcomes.summary((performance.now() - startedAt) / 1_000);
}

/** The orders with their numbers, from 1; many callers may ask at once, and each gets another. */
async function* numbered(
  orders: LoadOptions['orders'],
): AsyncGenerator<{ order: LoadOrder; number: number }, undefined> {
  let number = 0;
  for await (const order of orders) {
    number += 1;
    yield { order, number };
  }
}
