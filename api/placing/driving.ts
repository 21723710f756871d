import { patterns as allPatterns, type Pattern } from '../../contracts/order';
import type { ApiDependencies } from '../dependencies';
import { defaultDispatcherOptions, Dispatcher } from './dispatcher';
import { defaultWatcherOptions, OutcomeWatcher } from './outcome-watcher';
import { TemporalPresence } from './temporal-presence';

/** The dispatchers and the outcome watcher, and how to stop them. */
export interface Driving {
  watcher: OutcomeWatcher;
  temporal: TemporalPresence;
  dispatchers: ReadonlyMap<Pattern, Dispatcher>;
  isEnding: () => boolean;
  /** See `Api`. */
  end: () => void;
  close: () => Promise<void>;
}

/** So many orders of a batch that no workflow drives are watched. */
const samplesMax = 16;

/** Creates a dispatcher for each offered pattern, and what they share. */
export function createDriving(deps: ApiDependencies): Driving {
  const watcher = new OutcomeWatcher((ids) => deps.orders.settled(ids), deps.logger, {
    ...defaultWatcherOptions,
    ...deps.watcher,
  });
  const temporal = new TemporalPresence(deps.temporalReady, deps.logger, deps.presence);
  temporal.whenAway(() => {
    watcher.release();
  });
  const dispatchers = createDispatchers(deps, watcher, temporal);
  let ending = false;
  return {
    watcher,
    temporal,
    dispatchers,
    isEnding: () => ending,
    end() {
      ending = true;
      for (const dispatcher of dispatchers.values()) dispatcher.hurry();
      watcher.release();
    },
    async close() {
      ending = true;
      watcher.close();
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.close()));
      temporal.close();
    },
  };
}

function createDispatchers(
  deps: ApiDependencies,
  watcher: OutcomeWatcher,
  temporal: TemporalPresence,
): ReadonlyMap<Pattern, Dispatcher> {
  const dispatchers = new Map<Pattern, Dispatcher>();
  for (const pattern of allPatterns) {
    const runner = deps.patterns[pattern];
    if (!runner) continue;
    const dispatcher = new Dispatcher(
      {
        pattern,
        claimOrders: (ids, owner) => deps.intake.claimOrders(ids, owner, pattern),
        start: runner.start,
        whenOneHasEnded: async (orders) => {
          const { staleMs } = { ...defaultDispatcherOptions, ...runner.dispatch };
          const step = Math.ceil(orders.length / samplesMax);
          const samples = orders.filter((_, i) => i % step === 0);
          await Promise.race(samples.map(({ orderId }) => watcher.wait(orderId, staleMs)));
        },
        temporal,
        timing: deps.timing,
        onProgress: () => {
          watcher.wake();
        },
        logger: deps.logger,
      },
      runner.dispatch,
    );
    dispatchers.set(pattern, dispatcher);
  }
  return dispatchers;
}
