import { randomUUID } from 'node:crypto';
import { apiClient } from '../../load/api-client';
import { defaultPatience } from '../../load/caller';
import type { Summary } from '../../load/outcomes';
import { runLoad } from '../../load/run';
import type { RunningStack } from '../../stack/state';
import { mintToken } from '../../stack/token';
import { runOpenLoop, schedule } from './open-loop';
import { benchOrders, type Scenario } from './orders';

/** How orders come. */
export type Load = {
  scenario: Scenario;
  seconds: number;
  seed: number;
} & (
  | { loop: 'closed'; callers: number }
  /** So many orders a second; no more than a bound are under way at once. */
  | { loop: 'open'; rate: number; outstandingMax: number }
);

/** Runs a load against the variant that is up. `shed` is undefined in a closed loop. */
export async function runOneLoad(
  stack: RunningStack,
  load: Load,
): Promise<Summary & { shed?: number }> {
  const { apiUrl } = stack;
  const connections = load.loop === 'closed' ? load.callers : load.outstandingMax;
  const client = apiClient({ apiUrl, connections, tokenOf: tokens(stack) });
  const keyPrefix = `bench-${randomUUID()}`;
  const common = { client, keyPrefix, patience: defaultPatience };
  const orders = benchOrders(load.scenario, load.seed);
  try {
    if (load.loop === 'open') {
      const dueMs = schedule(load.rate, load.seconds, load.seed);
      return await runOpenLoop({ ...common, orders, dueMs, outstandingMax: load.outstandingMax });
    }
    return await closedLoop({ ...common, orders, callers: load.callers }, load.seconds);
  } finally {
    await client.close();
  }
}

type ClosedLoad = Pick<
  Parameters<typeof runLoad>[0],
  'client' | 'orders' | 'callers' | 'keyPrefix' | 'patience'
>;

/** Each caller begins its next order when its last has ended, for so many seconds. */
async function closedLoop(load: ClosedLoad, seconds: number): Promise<Summary> {
  const stop = new AbortController();
  const timer = setTimeout(() => {
    stop.abort();
  }, seconds * 1_000);
  try {
    const rest = { pattern: undefined, onProgress: () => undefined, signal: stop.signal };
    return await runLoad({ ...load, ...rest });
  } finally {
    clearTimeout(timer);
  }
}

const minted = new Map<string, Promise<string>>();

/** Signing costs the caller a millisecond: once a customer, whatever the number of runs. */
export function tokens(stack: RunningStack): (customerId: string) => Promise<string> {
  return (customerId) => {
    const token = minted.get(customerId) ?? mintToken(stack, { customerId });
    minted.set(customerId, token);
    return token;
  };
}
