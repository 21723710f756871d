import { apiClient } from '../../tools/load/api-client';
import type { Patience } from '../../tools/load/caller';
import type { LoadOrder } from '../../tools/load/order-file';
import type { Summary } from '../../tools/load/outcomes';
import { runLoad, type LoadOptions } from '../../tools/load/run';
import { startFakeShop, type Call, type FakeShop, type Scripted } from './fake-shop';

/** The load against a server with scripted answers. */

const patience: Patience = { retryMsMax: 2_000, pollMsMax: 400, pauseMs: 10 };
const order: LoadOrder = { customerId: 'c-1', items: [{ productId: 'p-1', quantity: 2 }] };
const created: Scripted = { status: 201, body: { orderId: 'o-1', status: 'CREATED' } };
const completed: Scripted = { status: 200, body: { orderId: 'o-1', status: 'COMPLETED' } };
const notNow = (code: string): Scripted => ({
  status: 503,
  body: { type: `/problems/${code}`, status: 503 },
  headers: { 'retry-after': '0.02' },
});
const cancelled = (code: string, reason: string): Scripted => ({
  status: 409,
  body: { type: `/problems/${code}`, status: 409, orderId: 'o-1', reason },
});

let shop: FakeShop | undefined;

afterEach(async () => {
  await shop?.close();
  shop = undefined;
});

async function load(
  answers: { create?: Answers; place?: Answers; cancel?: Answers; look?: Answers },
  options: Partial<LoadOptions> = {},
): Promise<{ summary: Summary; calls: Call[]; atOnceMax: number }> {
  const late = { status: 409, body: { type: '/problems/already-completed' } };
  const usual = { create: [created], place: [completed], cancel: [late], look: [completed] };
  const scripts = { ...usual, ...answers };
  const started = await startFakeShop((call, nth) => {
    const script = scripts[kindOf(call)];
    return typeof script === 'function'
      ? script(call, nth)
      : (script[nth] ?? script.at(-1) ?? created);
  });
  shop = started;
  const client = apiClient({
    apiUrl: started.url,
    connections: options.callers ?? 1,
    tokenOf: (customerId) => Promise.resolve(`token-of-${customerId}`),
  });
  try {
    const summary = await runLoad({
      client,
      orders: [order],
      callers: 1,
      pattern: undefined,
      keyPrefix: 'key',
      patience,
      onProgress: () => undefined,
      ...options,
    });
    return { summary, calls: started.calls, atOnceMax: started.atOnceMax() };
  } finally {
    await client.close();
  }
}

type Answers = Scripted[] | ((call: Call, nth: number) => Scripted | Promise<Scripted>);

function kindOf({ method, path }: Call): 'create' | 'place' | 'cancel' | 'look' {
  if (method === 'GET') return 'look';
  if (path.endsWith('/cancel')) return 'cancel';
  return path === '/orders' ? 'create' : 'place';
}

test('creates an order with its key and token, and places it', async () => {
  const { summary, calls } = await load({});
  expect(calls).toEqual([
    {
      method: 'POST',
      path: '/orders',
      key: 'key-1',
      authorization: 'Bearer token-of-c-1',
      body: { items: order.items },
    },
    {
      method: 'POST',
      path: '/orders/o-1/place',
      key: undefined,
      authorization: 'Bearer token-of-c-1',
      body: {},
    },
  ]);
  expect(summary).toMatchObject({ orders: 1, completed: 1, failed: {}, unknown: 0, retries: 0 });
  const { createAndPlace, place } = summary.latencyMs;
  expect(createAndPlace.p50).toBeGreaterThan(place.p50);
});

test('applies the pattern to orders that name none', async () => {
  const orders = [order, { ...order, pattern: 'xa' as const }];
  const { calls } = await load({}, { orders, pattern: 'tcc' });
  const bodies = calls.filter((call) => kindOf(call) === 'place').map(({ body }) => body);
  expect(bodies).toEqual([{ pattern: 'tcc' }, { pattern: 'xa' }]);
});

test('repeats a call after Retry-After, with the same key', async () => {
  const { summary, calls } = await load({
    create: [notNow('overloaded'), notNow('outcome-unknown'), created],
    place: [notNow('unavailable'), notNow('outcome-unknown'), completed],
  });
  expect(summary).toMatchObject({ completed: 1, retries: 4, failed: {}, unknown: 0 });
  const keys = calls.filter((call) => kindOf(call) === 'create').map(({ key }) => key);
  expect(keys).toEqual(['key-1', 'key-1', 'key-1']);
  expect(summary.latencyMs.createAndPlace.p50).toBeGreaterThanOrEqual(80);
});

test('waits for a key in use and for a rate limit', async () => {
  const inUse = { ...notNow('idempotency-key-in-use'), status: 409 };
  const limited = { ...notNow('rate-limited'), status: 429 };
  const { summary } = await load({ create: [inUse, limited, created] });
  expect(summary).toMatchObject({ completed: 1, retries: 2 });
});

test('repeats a call without an answer with the same key', async () => {
  const cut: Scripted = { status: 200, cut: true };
  const { summary, calls } = await load({ create: [cut, created], place: [cut, completed] });
  expect(summary).toMatchObject({ completed: 1, retries: 2, unknown: 0 });
  expect(new Set(calls.filter(({ key }) => key).map(({ key }) => key))).toEqual(new Set(['key-1']));
});

test('gives up a server that stays down, with its problem or as unknown', async () => {
  const short = { ...patience, retryMsMax: 100 };
  const away = await load({ place: [notNow('overloaded')] }, { patience: short });
  expect(away.summary).toMatchObject({ failed: { overloaded: 1 }, unknown: 0 });
  await shop?.close();
  const lost = await load({ place: [notNow('outcome-unknown')] }, { patience: short });
  expect(lost.summary).toMatchObject({ failed: {}, unknown: 1 });
});

test('polls after 202 until the order has ended', async () => {
  const looks = ['PLACING', 'PENDING', 'COMPLETED'].map((status) => ({
    status: 200,
    body: { orderId: 'o-1', status },
  }));
  const accepted = {
    status: 202,
    body: { status: 'PLACING' },
    headers: { location: '/orders/o-1' },
  };
  const { summary, calls } = await load({ place: [accepted], look: looks });
  expect(summary).toMatchObject({ completed: 1, pending: 0 });
  expect(calls.slice(2).map(({ method, path }) => `${method} ${path}`)).toEqual(
    new Array(3).fill('GET /orders/o-1'),
  );
});

test('records the reason of an order that ends CANCELLED after 202, and repeats failed polls', async () => {
  const body = { orderId: 'o-1', status: 'CANCELLED', reason: 'insufficient-points' };
  const accepted = {
    status: 202,
    body: { status: 'PLACING' },
    headers: { location: '/orders/o-1' },
  };
  const look = [notNow('unavailable'), { status: 200, cut: true } as const, { status: 200, body }];
  const { summary } = await load({ place: [accepted], look });
  expect(summary).toMatchObject({ cancelled: { 'insufficient-points': 1 }, pending: 0 });
});

test('records an order that does not end during polling as pending', async () => {
  const pending = { status: 200, body: { orderId: 'o-1', status: 'PENDING' } };
  const { summary } = await load({
    place: [{ status: 202, body: { status: 'PENDING' } }],
    look: [pending],
  });
  expect(summary).toMatchObject({ pending: 1, completed: 0 });
});

test('cancels during the placing, and repeats the cancel until it is answered', async () => {
  const slowly = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return cancelled('cancelled-by-customer', 'cancelled-by-customer');
  };
  const { summary, calls } = await load(
    { place: slowly, cancel: [notNow('unavailable'), { status: 200, body: {} }] },
    { orders: [{ ...order, cancelAfterMs: 10 }] },
  );
  expect(summary).toMatchObject({ cancelled: { 'cancelled-by-customer': 1 }, failed: {} });
  expect(calls.map(kindOf)).toEqual(['create', 'place', 'cancel', 'cancel']);
});

test('counts cancelled orders by reason, whatever the problem’s type', async () => {
  const { summary } = await load({ place: [cancelled('cancelled-unavailable', 'unavailable')] });
  expect(summary).toMatchObject({ cancelled: { unavailable: 1 }, failed: {} });
});

test('counts problems by type, and a proxy’s page by its status', async () => {
  const answers: Scripted[] = [
    { status: 401, body: { type: '/problems/unauthenticated', status: 401 } },
    { status: 422, body: { type: '/problems/validation', status: 422 } },
    { status: 500, body: { type: '/problems/internal', status: 500 } },
    { status: 502, body: [] },
  ];
  const create = ({ key }: Call) => answers[Number(key?.split('-').at(-1)) - 1] ?? created;
  const { summary } = await load({ create }, { orders: [order, order, order, order] });
  expect(summary).toMatchObject({
    failed: { unauthenticated: 1, validation: 1, internal: 1, 'http-502': 1 },
  });
});

test('runs the given number of callers, and every order once', async () => {
  const orders = Array.from({ length: 40 }, (_, i) => ({ ...order, customerId: `c-${i}` }));
  const slowly = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return created;
  };
  const seen: number[] = [];
  const { summary, calls, atOnceMax } = await load(
    { create: slowly },
    { orders, callers: 8, onProgress: (done) => seen.push(done) },
  );
  expect(summary).toMatchObject({ orders: 40, completed: 40 });
  expect(new Set(calls.flatMap(({ key }) => key ?? [])).size).toBe(40);
  expect(atOnceMax).toBe(8);
  expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
});

test('finishes begun orders when it is stopped', async () => {
  const stop = new AbortController();
  const { summary } = await load(
    {},
    {
      orders: new Array<LoadOrder>(100).fill(order),
      callers: 4,
      signal: stop.signal,
      onProgress: (done) => {
        if (done === 10) stop.abort();
      },
    },
  );
  expect(summary.completed).toBe(summary.orders);
  expect(summary.orders).toBeGreaterThanOrEqual(10);
  expect(summary.orders).toBeLessThan(20);
});
