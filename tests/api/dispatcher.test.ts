import type { DispatcherOptions } from '../../api/placing/dispatcher';
import { codeThrownBy, DispatcherWorld, placeMany, turn } from './dispatcher-world';

let world: DispatcherWorld;

beforeEach(() => {
  world = new DispatcherWorld();
});

const batches = () => world.starts.map(({ ids }) => ids.length);

describe('batching', () => {
  test('starts a single order at once', async () => {
    const placement = world.dispatcher().place({ orderId: 'o-1', lineCount: 1 });
    await placement.admitted;
    await turn();
    expect(world.starts.map(({ ids }) => ids)).toEqual([['o-1']]);
    expect(world.starts[0]?.workflowId).toMatch(/^place-[0-9a-f-]{36}$/);
    expect(world.claims[0]?.owner).toBe(world.starts[0]?.workflowId);
  });

  test('collects orders into one batch while the maximum of workflows is in flight', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 2 });
    for (const id of ['a', 'b']) {
      await dispatcher.place({ orderId: id, lineCount: 1 }).admitted;
    }
    const later = placeMany(dispatcher, 100);
    await turn();
    expect(batches()).toEqual([1, 1]);
    world.close(1);
    await Promise.all(later.map(({ admitted }) => admitted));
    expect(batches()).toEqual([1, 1, 100]);
    expect(new Set(world.starts.map(({ workflowId }) => workflowId)).size).toBe(3);
  });

  test.each<[string, Partial<DispatcherOptions>, number, number[]]>([
    ['orders', { ordersMax: 4 }, 1, [4, 4, 2]],
    ['lines', { linesMax: 30 }, 10, [3, 3, 3, 1]],
    ['bytes', { bytesMax: 4 * (300 + 10 * 150) }, 10, [4, 4, 2]],
    ['one order, for patterns that do not batch', { ordersMax: 1 }, 1, Array<number>(10).fill(1)],
    ['one order larger than a batch may be', { linesMax: 5 }, 10, Array<number>(10).fill(1)],
  ])('closes a batch at its limit of %s', async (_what, options, lineCount, expected) => {
    const dispatcher = world.dispatcher({ inFlightMax: 100, ...options });
    await Promise.all(placeMany(dispatcher, 10, lineCount).map(({ admitted }) => admitted));
    await turn();
    expect(batches()).toEqual(expected);
  });

  test('uses the contract’s limits by default', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 100, smallOrdersMax: 300 });
    await Promise.all(placeMany(dispatcher, 300).map(({ admitted }) => admitted));
    await turn();
    expect(batches()).toEqual([256, 44]);
  });

  test('starts a large batch alone, and small ones beside each other', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 3, smallOrdersMax: 8 });
    const place = async (count: number, name: string) => {
      const ids = Array.from({ length: count }, (_, i) => `${name}-${String(i)}`);
      ids.forEach((orderId) => dispatcher.place({ orderId, lineCount: 1 }));
      await turn();
    };
    await place(8, 'small');
    await place(9, 'large');
    await place(5, 'waits');
    expect(batches()).toEqual([8, 9]);
    world.close(1);
    await turn();
    expect(batches()).toEqual([8, 9, 5]);
  });

  test('puts an order that many callers place into one batch, once', async () => {
    const dispatcher = world.dispatcher();
    const order = { orderId: 'o-1', lineCount: 1 };
    await Promise.all(Array.from({ length: 100 }, () => dispatcher.place(order).admitted));
    await turn();
    expect(world.starts.map(({ ids }) => ids)).toEqual([['o-1']]);
    expect(world.claims).toHaveLength(1);
  });
});

describe('a batch in flight', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('no longer counts after five seconds', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1 });
    await dispatcher.place({ orderId: 'stuck', lineCount: 1 }).admitted;
    const next = dispatcher.place({ orderId: 'next', lineCount: 1 });
    await turn();
    jest.advanceTimersByTime(4_999);
    await turn();
    expect(batches()).toEqual([1]);
    jest.advanceTimersByTime(1);
    await next.admitted;
    await turn();
    expect(world.starts[1]?.ids).toEqual(['next']);
    // Its late end must not count again, or three would be in flight instead of one.
    world.close(0);
    await turn();
    dispatcher.place({ orderId: 'third', lineCount: 1 });
    await turn();
    expect(batches()).toEqual([1, 1]);
  });

  test('no longer counts once one of its orders has ended: the others may wait for rows', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1 });
    const held = placeMany(dispatcher, 3);
    await Promise.all(held.map(({ admitted }) => admitted));
    const later = dispatcher.place({ orderId: 'later', lineCount: 1 });
    await turn();
    expect(batches()).toEqual([3]);
    dispatcher.ended(world.starts[0]?.ids[1] ?? '');
    await later.admitted;
    await turn();
    expect(batches()).toEqual([3, 1]);
    // Its end must not count a second time.
    dispatcher.ended(world.starts[0]?.ids[0] ?? '');
    world.close(0);
    dispatcher.place({ orderId: 'last', lineCount: 1 });
    await turn();
    expect(batches()).toEqual([3, 1]);
  });

  test('that hangs in its claim delays no other order for longer than that', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1 });
    world.holdClaims = new Promise(() => undefined);
    dispatcher.place({ orderId: 'stuck', lineCount: 1 });
    await turn();
    world.holdClaims = Promise.resolve();
    const next = dispatcher.place({ orderId: 'next', lineCount: 1 });
    jest.advanceTimersByTime(5_000);
    await next.admitted;
    await turn();
    expect(world.starts.map(({ ids }) => ids)).toEqual([['next']]);
  });
});

describe('the backlog', () => {
  test('is bounded: an order beyond the limit is refused and never claimed', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1, backlogMax: 3 });
    await dispatcher.place({ orderId: 'first', lineCount: 1 }).admitted;
    await turn();
    placeMany(dispatcher, 3);
    expect(codeThrownBy(() => dispatcher.place({ orderId: 'o-4', lineCount: 1 }))).toBe(
      'overloaded',
    );
    expect(() => dispatcher.place({ orderId: 'o-3', lineCount: 1 })).not.toThrow();
    world.close(0);
    while (world.starts.length < 2) await turn();
    expect(world.starts[1]?.ids).toEqual(['o-1', 'o-2', 'o-3']);
  });

  test('withdraws a waiting order, unless another request waits for it too', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1 });
    await dispatcher.place({ orderId: 'first', lineCount: 1 }).admitted;
    await turn();
    const alone = dispatcher.place({ orderId: 'alone', lineCount: 1 });
    const [one, two] = [0, 1].map(() => dispatcher.place({ orderId: 'shared', lineCount: 1 }));
    expect(alone.withdraw()).toBe(true);
    expect(one?.withdraw()).toBe(false);
    world.close(0);
    await two?.admitted;
    await turn();
    expect(world.starts[1]?.ids).toEqual(['shared']);
    expect(two?.withdraw()).toBe(false);
  });

  test('lets a withdrawn order be placed again, and its old request no longer claims it', async () => {
    const dispatcher = world.dispatcher({ inFlightMax: 1 });
    await dispatcher.place({ orderId: 'first', lineCount: 1 }).admitted;
    await turn();
    const before = dispatcher.place({ orderId: 'o-1', lineCount: 1 });
    expect(before.withdraw()).toBe(true);
    const after = dispatcher.place({ orderId: 'o-1', lineCount: 1 });
    expect(before.withdraw()).toBe(false);
    world.close(0);
    await expect(after.admitted).resolves.toBeUndefined();
  });
});
