import type { OrderSummary } from '../../activities/order/queries';
import { defaultWatcherOptions, OutcomeWatcher } from '../../api/placing/outcome-watcher';
import { capturingLogger } from './harness';

/** Orders, and the queries for them. */
class Rows {
  readonly looks: string[][] = [];
  readonly settled = new Map<string, OrderSummary>();
  failures = 0;
  onLook: () => void = () => undefined;

  settle(orderId: string, status: OrderSummary['status'] = 'COMPLETED'): void {
    this.settled.set(orderId, { orderId, status } as OrderSummary);
  }

  readonly read = (ids: readonly string[]): Promise<OrderSummary[]> => {
    this.looks.push([...ids]);
    if (this.failures-- > 0) return Promise.reject(new Error('away'));
    const found = ids.flatMap((id) => this.settled.get(id) ?? []);
    this.onLook();
    return Promise.resolve(found);
  };
}

let rows: Rows;
let log: string[];

function watcher(options: Partial<typeof defaultWatcherOptions> = {}): OutcomeWatcher {
  rows = new Rows();
  log = [];
  return new OutcomeWatcher(rows.read, capturingLogger(log), {
    ...defaultWatcherOptions,
    intervalMs: 5,
    retryMs: 5,
    ...options,
  });
}

test('serves all waiting callers by one query, and answers each when its order ends or is PENDING', async () => {
  const watch = watcher();
  const waits = ['o-1', 'o-2', 'o-1'].map((id) => watch.wait(id, 5_000));
  rows.settle('o-1', 'PENDING');
  rows.onLook = () => {
    rows.settle('o-2', 'CANCELLED');
  };
  const outcomes = await Promise.all(waits);
  expect(outcomes.map((order) => order?.status)).toEqual(['PENDING', 'CANCELLED', 'PENDING']);
  expect(rows.looks).toEqual([['o-1', 'o-2'], ['o-2']]);
});

describe('after a while', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('makes no query while no caller waits', async () => {
    const watch = watcher();
    rows.settle('o-1');
    const first = watch.wait('o-1', 5_000);
    await jest.advanceTimersByTimeAsync(60_000);
    await expect(first).resolves.toMatchObject({ orderId: 'o-1' });
    expect(rows.looks).toEqual([['o-1']]);
    const second = watch.wait('o-1', 5_000);
    await jest.advanceTimersByTimeAsync(60_000);
    await expect(second).resolves.toMatchObject({ orderId: 'o-1' });
    expect(rows.looks).toEqual([['o-1'], ['o-1']]);
  });

  test('makes no query for a caller who has gone', async () => {
    const watch = watcher();
    const caller = new AbortController();
    const wait = watch.wait('o-1', 60_000, caller.signal);
    caller.abort();
    await expect(wait).resolves.toBeUndefined();
    await expect(watch.wait('o-1', 60_000, caller.signal)).resolves.toBeUndefined();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(rows.looks).toEqual([]);
  });
});

test('ends a wait in time, and answers a caller who does not wait at once', async () => {
  const watch = watcher();
  await expect(watch.wait('o-1', 0)).resolves.toBeUndefined();
  expect(rows.looks).toEqual([]);
  await expect(watch.wait('o-1', 20)).resolves.toBeUndefined();
  expect(rows.looks.length).toBeGreaterThan(0);
});

test('queries at once when a workflow closes, even during another query', async () => {
  const watch = watcher({ intervalMs: 60_000 });
  const wait = watch.wait('o-1', 5_000);
  rows.onLook = () => {
    if (rows.settled.size > 0) return;
    rows.settle('o-1');
    watch.wake();
  };
  watch.wake();
  await expect(wait).resolves.toMatchObject({ orderId: 'o-1' });
  expect(rows.looks).toHaveLength(2);
});

test('asks a database that is down again, and the wait continues', async () => {
  const watch = watcher();
  rows.failures = 2;
  rows.settle('o-1');
  await expect(watch.wait('o-1', 5_000)).resolves.toMatchObject({ orderId: 'o-1' });
  expect(log.filter((line) => line.includes('cannot read the orders'))).toHaveLength(2);
});

test('serves many callers by several queries, and tells further ones to poll', async () => {
  const watch = watcher({ idsPerQuery: 2, waitersMax: 3 });
  const waits = ['o-1', 'o-2', 'o-3'].map((id) => watch.wait(id, 5_000));
  await expect(watch.wait('o-4', 5_000)).resolves.toBeUndefined();
  for (const id of ['o-1', 'o-2', 'o-3']) rows.settle(id);
  await Promise.all(waits);
  expect(rows.looks).toEqual([['o-1', 'o-2'], ['o-3']]);
});
