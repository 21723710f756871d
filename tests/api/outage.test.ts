import type { Knex } from 'knex';
import { type Service, services } from '../../contracts/participants';
import { openDatabase } from '../../activities/database/connection';
import type { Api } from '../../api/app';
import { mysqlServer } from '../support/servers';
import {
  apiUserOf,
  call,
  createdOrder,
  createHarness,
  problemLike,
  readingFrom,
  type ApiHarness,
} from './harness';
import { LossyProxy } from './lossy-proxy';

let harness: ApiHarness;
let ways: Record<Service, LossyProxy>;
let pools: Record<Service, Knex>;
let api: Api;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
});

afterAll(() => harness.close());

/** The API on databases of which each can be cut off. */
beforeEach(async () => {
  harness.workflows.reset();
  const entries = await Promise.all(
    services.map(async (service) => {
      const way = await LossyProxy.start(mysqlServer());
      const url = way.through(harness.databases.url(apiUserOf(service), service));
      return { service, way, pool: openDatabase({ url, poolMax: 2, lockWaitSMax: 1 }) };
    }),
  );
  const by = <T>(pick: (entry: (typeof entries)[number]) => T) =>
    Object.fromEntries(entries.map((entry) => [entry.service, pick(entry)])) as Record<Service, T>;
  ways = by(({ way }) => way);
  pools = by(({ pool }) => pool);
  api = harness.another(readingFrom(pools));
});

afterEach(async () => {
  for (const way of Object.values(ways)) await way.stop();
  for (const pool of Object.values(pools)) await pool.destroy();
});

const items = [{ productId: 'p-1', quantity: 1 }];
let keys = 0;
const freshKey = () => ({ 'Idempotency-Key': `outage-${String(++keys)}` });
const create = (headers = freshKey()) => call(api, 'POST', '/orders', { body: { items }, headers });
async function expectUnavailable(...answers: Promise<Awaited<ReturnType<typeof call>>>[]) {
  for (const { status, headers, body } of await Promise.all(answers)) {
    expect(status).toBe(503);
    expect(headers.get('Retry-After')).toBe('1');
    expect(body).toEqual(problemLike('unavailable', 503));
    expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0|select|update/i);
  }
}

test('while the product database is down, the API refuses what needs it and does the rest', async () => {
  const headers = freshKey();
  const first = await create(headers);
  const orderId = first.body['orderId'] as string;
  await ways.product.stop();
  await expectUnavailable(create(), call(api, 'GET', '/products'));
  const replay = await create(headers);
  expect([replay.status, replay.body, replay.headers.get('Idempotency-Hit')]).toEqual([
    201,
    first.body,
    'true',
  ]);
  const shown = await call(api, 'GET', `/orders/${orderId}`);
  expect(shown.body).toMatchObject({ orderId, steps: [], stepsUnavailable: ['product'] });
  const placed = await call(api, 'POST', `/orders/${orderId}/place`);
  expect(placed.status).toBe(200);
  const ready = await call(api, 'GET', '/health/ready');
  expect(ready.status).toBe(503);
  expect(ready.body).toMatchObject({ dependencies: { product: 'down', order: 'up' } });
});

test('while the point database is down, its steps and the balance are missing', async () => {
  const orderId = await createdOrder(api);
  await ways.point.stop();
  await expectUnavailable(call(api, 'GET', '/points'));
  const shown = await call(api, 'GET', `/orders/${orderId}`);
  expect(shown.body).toMatchObject({ orderId, steps: [], stepsUnavailable: ['point'] });
});

test('answers an order without the steps of a participant that hangs, and on time', async () => {
  const orderId = await createdOrder(api);
  ways.product.freeze();
  const shown = await call(api, 'GET', `/orders/${orderId}`);
  expect(shown.body).toMatchObject({ orderId, stepsUnavailable: ['product'] });
});

test('while the order database is down, nothing is done, and every caller learns so', async () => {
  const orderId = await createdOrder(api);
  await ways.order.stop();
  await expectUnavailable(
    create(),
    call(api, 'GET', '/orders'),
    call(api, 'GET', `/orders/${orderId}`),
    call(api, 'POST', `/orders/${orderId}/place`),
    call(api, 'POST', `/orders/${orderId}/cancel`),
  );
  expect((await call(api, 'GET', '/products')).status).toBe(200);
  expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', owner: null });
});

test('answers "unknown" for a creation without a reply, and its key finds the order', async () => {
  const headers = freshKey();
  ways.order.commitRepliesToLose = 100;
  const lost = await create(headers);
  expect(lost.status).toBe(503);
  expect(lost.headers.get('Retry-After')).toBe('1');
  expect(lost.body).toEqual(problemLike('outcome-unknown', 503));
  ways.order.commitRepliesToLose = 0;
  const found = await create(headers);
  expect([found.status, found.headers.get('Idempotency-Hit')]).toEqual([201, 'true']);
});

test.each(['place', 'cancel'])(
  'answers "unknown" for a %s without a reply, and says where to look',
  async (verb) => {
    const orderId = await createdOrder(api);
    ways.order.commitRepliesToLose = 100;
    const { status, headers, body } = await call(api, 'POST', `/orders/${orderId}/${verb}`);
    expect(status).toBe(503);
    expect(headers.get('Location')).toBe(`/orders/${orderId}`);
    const lookAt = `/orders/${orderId}`;
    expect(body).toEqual(problemLike('outcome-unknown', 503, { orderId, lookAt }));
    expect((await harness.row(orderId))['status']).toBe(verb === 'place' ? 'PLACING' : 'CANCELLED');
  },
);

test('answers "unknown" for a claim that hangs', async () => {
  const orderId = await createdOrder(api);
  const hanging = harness.another({
    intake: { ...harness.deps.intake, claimOrders: () => new Promise(() => undefined) },
    wait: { admissionMsMax: 100 },
  });
  const { status, body } = await call(hanging, 'POST', `/orders/${orderId}/place`, {
    headers: { Prefer: 'wait=1' },
  });
  expect(status).toBe(503);
  expect(body).toMatchObject({ type: '/problems/outcome-unknown', lookAt: `/orders/${orderId}` });
});

test('accepts a claimed order if the database then goes down', async () => {
  const orderId = await createdOrder(api);
  harness.workflows.play = async () => {
    await ways.order.stop();
    return new Promise(() => undefined);
  };
  const { status, body } = await call(api, 'POST', `/orders/${orderId}/place`, {
    headers: { Prefer: 'wait=1' },
  });
  expect(status).toBe(202);
  expect(body).toMatchObject({ orderId, status: 'PLACING', pattern: 'saga' });
});

test('accepts a claimed order if Temporal then goes down, and leaves it to adoption', async () => {
  const away = harness.another({
    patterns: {
      saga: {
        start: () => Promise.reject(new Error('the namespace is gone')),
        dispatch: { startAttemptsMax: 2, startRetryMs: 1 },
      },
    },
  });
  const orderId = await createdOrder(away);
  const { status, body } = await call(away, 'POST', `/orders/${orderId}/place`, {
    headers: { Prefer: 'wait=1' },
  });
  expect(status).toBe(202);
  expect(body).toMatchObject({ status: 'PLACING' });
  expect(await harness.row(orderId)).toMatchObject({ status: 'PLACING', decision: null });
});

test('while Temporal is down, nothing is claimed, and readiness shows it', async () => {
  const away = harness.another({
    temporalReady: () => Promise.reject(new Error('14 UNAVAILABLE')),
    presence: { awayAfterMs: 100, probeEveryMs: 50 },
  });
  const orderId = await createdOrder(away);
  await expectUnavailable(call(away, 'POST', `/orders/${orderId}/place`));
  expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', owner: null });
  const ready = await call(away, 'GET', '/health/ready');
  expect(ready.body).toMatchObject({ dependencies: { temporal: 'down', order: 'up' } });
});
