import { randomUUID } from 'node:crypto';
import type { Pattern } from '../../contracts/order';
import { apiClient } from '../load/api-client';
import { defaultPatience } from '../load/caller';
import { firstOf, type LoadOrder } from '../load/order-file';
import type { Summary } from '../load/outcomes';
import { withProgress } from '../load/progress';
import { runLoad } from '../load/run';
import type { RunningStack } from '../stack/state';
import { mintToken } from '../stack/token';
import { runOpenLoop, schedule } from './open-loop';
import { benchOrders, type Scenario } from './orders';
import { timed } from './progress';

/** How orders come. */
export type Load = {
  scenario: Scenario;
  pattern: Pattern | undefined;
  /** Then no further orders are begun. */
  seconds: number;
  seed: number;
} & (
  | { loop: 'closed'; callers: number; orders?: number }
  /** So many orders a second; no more than a bound are under way at once. */
  | { loop: 'open'; rate: number; outstandingMax: number }
);

/** Callers whose order has not ended yet look again so soon. */
export const pollMs = 50;
const patience = { ...defaultPatience, pauseMs: pollMs };

/** Runs a load against what is up. `shed` is undefined in a closed loop. */
export async function runOneLoad(
  stack: RunningStack,
  load: Load,
  label = 'Measuring',
): Promise<Summary & { shed?: number }> {
  const { apiUrl } = stack;
  const { scenario, pattern, seconds, seed } = load;
  const connections = load.loop === 'closed' ? load.callers : load.outstandingMax;
  const client = apiClient({ apiUrl, connections, tokenOf: tokens(stack) });
  const common = { client, pattern, keyPrefix: `measure-${randomUUID()}`, patience };
  const orders = benchOrders(scenario, seed);
  try {
    if (load.loop === 'open') {
      const dueMs = schedule(load.rate, seconds, seed);
      const { outstandingMax } = load;
      return await timed(label, seconds, () =>
        runOpenLoop({ ...common, orders, dueMs, outstandingMax }),
      );
    }
    return await closedLoop({ ...common, callers: load.callers }, orders, load, label);
  } finally {
    await client.close();
  }
}

/** Each caller begins its next order when its last has ended, for so many seconds or orders. */
async function closedLoop(
  common: Pick<
    Parameters<typeof runLoad>[0],
    'client' | 'pattern' | 'callers' | 'keyPrefix' | 'patience'
  >,
  orders: Iterable<LoadOrder>,
  { seconds, orders: count }: { seconds: number; orders?: number },
  label: string,
): Promise<Summary> {
  const signal = AbortSignal.timeout(seconds * 1_000);
  const rest = { ...common, signal };
  if (count === undefined) {
    return timed(label, seconds, () => runLoad({ ...rest, orders, onProgress: () => undefined }));
  }
  return withProgress(label, 'orders', (update) => {
    const onProgress = (done: number) => {
      update(done, count);
    };
    return runLoad({ ...rest, orders: firstOf(orders, count), onProgress });
  });
}

const minted = new Map<string, Promise<string>>();

/** Signing costs the caller a millisecond: once a customer, whatever the number of runs. */
function tokens(stack: RunningStack): (customerId: string) => Promise<string> {
  return (customerId) => {
    const token = minted.get(customerId) ?? mintToken(stack, { customerId });
    minted.set(customerId, token);
    return token;
  };
}
