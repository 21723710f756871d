import { overloaded } from '../http/unavailability';

/** How many requests share a round trip, and how many round trips run at once. */
export interface LoaderLimits {
  batchMax: number;
  inFlightMax: number;
  /** The API refuses any more as `overloaded`. */
  waitingMax: number;
  /**
   * A batch older than this no longer counts as in flight, so a stuck one does not block others.
   */
  staleMs: number;
}

/** For reads that many callers repeat while their orders are placed. */
export const gathering: LoaderLimits = {
  batchMax: 256,
  inFlightMax: 2,
  waitingMax: 5_000,
  staleMs: 5_000,
};

export interface LoaderOptions<Key, Value> extends LoaderLimits {
  /** Answers all keys, in their order. */
  load: (keys: Key[]) => Promise<readonly Value[]>;
}

interface Waiting<Key, Value> {
  key: Key;
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
}

/**
 * Combines concurrent requests into one round trip. While few batches are in flight, the next one
 * starts with all requests that wait. A single request starts in the same turn of the event loop.
 */
export function batchLoader<Key, Value>(
  options: LoaderOptions<Key, Value>,
): (key: Key) => Promise<Value> {
  const waiting: Waiting<Key, Value>[] = [];
  let inFlight = 0;
  let scheduled = false;

  const leave = () => {
    scheduled = false;
    while (waiting.length > 0 && inFlight < options.inFlightMax) {
      const batch = waiting.splice(0, options.batchMax);
      inFlight++;
      const release = releaseOnce(() => {
        inFlight--;
        leave();
      });
      const timer = setTimeout(release, options.staleMs).unref();
      void answer(batch, options.load).finally(() => {
        clearTimeout(timer);
        release();
      });
    }
  };

  return (key) =>
    new Promise<Value>((resolve, reject) => {
      if (waiting.length >= options.waitingMax) {
        reject(overloaded());
        return;
      }
      waiting.push({ key, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      // Requests read from sockets in one turn of the event loop share a batch.
      setImmediate(leave);
    });
}

async function answer<Key, Value>(
  batch: readonly Waiting<Key, Value>[],
  load: (keys: Key[]) => Promise<readonly Value[]>,
): Promise<void> {
  try {
    const values = await load(batch.map(({ key }) => key));
    batch.forEach(({ resolve, reject }, index) => {
      if (index < values.length) resolve(values[index] as Value);
      else reject(new Error('A batch got too few values'));
    });
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

function releaseOnce(release: () => void): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    release();
  };
}
