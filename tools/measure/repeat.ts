import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does something again and again while some work is done, and answers what the work did.
 *
 * @throws what either says; the work has ended by then.
 */
export async function repeatWhile<T>(
  look: () => Promise<void>,
  pauseMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await look();
      if (pauseMs > 0) await sleep(pauseMs);
    }
  })();
  // Should it fail, that is told once the work has ended.
  looking.catch(() => undefined);
  try {
    return await work();
  } finally {
    stop.abort();
    await looking;
  }
}
