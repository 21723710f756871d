import { createTemporalResolver } from '../../api/placing/temporal';
import { createHarness, call, problemLike, token } from '../api/harness';
import type { ApiHarness } from '../api/harness';
import { createOrder, Gate, place, startOrders, stateOf } from '../support/orders';
import { createWorld, hurriedTiming, type World } from '../support/world';
import type { Api } from '../../api/app';
import { apiOf } from '../support/world-api';
import { expectClean } from './reservations';
import { away, unconfirmed } from './pending';

/** The operators' calls on the whole system, and what customers see meanwhile. */

let world: World;
let harness: ApiHarness;
let api: Api;
let close: () => Promise<void>;

beforeAll(async () => {
  [world, harness] = await Promise.all([createWorld(), createHarness()]);
  const resolver = createTemporalResolver(world.client, { timing: hurriedTiming });
  ({ api, close } = apiOf(world, { resolve: resolver }));
});

afterAll(async () => {
  await close();
  await harness.close();
  await world.stop();
});

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

async function as(role: string): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await token('olga', { claims: { role } })}` };
}

async function resolve(orderId: string, body: unknown, role = 'operator') {
  const path = `/operator/orders/${orderId}/resolve`;
  return call(api, 'POST', path, { body, headers: await as(role) });
}

async function read(path: string, role = 'viewer') {
  return call(api, 'GET', path, { headers: await as(role) });
}

const because = (action: string) => ({ action, reason: 'the customer called' });

it('lists what waits and why; both lists are empty if nothing waits', async () => {
  expect((await read('/operator/orders?status=PENDING')).body).toEqual({
    orders: [],
    nextCursor: null,
  });
  expect((await read('/operator/alerts')).body).toEqual({ alerts: [] });
  const { orderId } = await unconfirmed(world, 'confirmStock');
  const listed = await read('/operator/orders?status=PENDING&limit=1');
  expect(listed.body).toMatchObject({
    orders: [
      {
        orderId,
        customerId: 'anna',
        status: 'PENDING',
        phase: 'confirming',
        decision: 'COMPLETE',
        owner: (await stateOf(world, orderId)).owner,
      },
    ],
    nextCursor: null,
  });
  expect((await read('/operator/alerts')).body).toMatchObject({
    alerts: [
      {
        orderId,
        kind: 'confirmation-failing',
        detail: 'confirmStock: away',
        runbook: 'docs/runbooks/confirmation-failing.md',
      },
    ],
  });
});

it('shows the customer that the order is being confirmed, and refuses the cancel', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  const shown = await call(api, 'GET', `/orders/${orderId}`, { as: 'anna' });
  expect(shown.body).toMatchObject({ status: 'PENDING', phase: 'confirming' });
  const cancelled = await call(api, 'POST', `/orders/${orderId}/cancel`, { as: 'anna' });
  expect(cancelled.status).toBe(409);
  expect(cancelled.body).toMatchObject({ type: '/problems/already-completed' });
  await resolve(orderId, because('confirm'));
  expect((await call(api, 'GET', `/orders/${orderId}`, { as: 'anna' })).body).not.toHaveProperty(
    'phase',
  );
});

it('shows what is reserved beside what is available, until it is confirmed', async () => {
  const order = await createOrder(world, { lines: { apple: 3 }, unitPrice: 5 });
  const decision = new Gate();
  world.faults.decideOrders = async (run) => {
    await decision.pass();
    return run();
  };
  const seen = async () => {
    const products = await call(api, 'GET', '/products', { as: 'bert' });
    const points = await call(api, 'GET', '/points', { as: 'anna' });
    return [products.body['products'], points.body];
  };
  const handle = await startOrders(world, 'tcc', [order]);
  await decision.reached;
  const apple = { productId: 'apple', name: 'apple', price: 1, retired: false };
  expect(await seen()).toEqual([
    [{ ...apple, available: 997, reserved: 3 }],
    { customerId: 'anna', available: 9_985, reserved: 15 },
  ]);
  decision.open();
  await handle.result();
  expect(await seen()).toEqual([
    [{ ...apple, available: 997, reserved: 0 }],
    { customerId: 'anna', available: 9_985, reserved: 0 },
  ]);
});

it('confirms, cancels, and reports an order that is still PENDING; all of it is recorded', async () => {
  const first = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const cancelled = await resolve(first.orderId, because('cancel'));
  expect([cancelled.status, cancelled.body['status']]).toEqual([200, 'CANCELLED']);
  const second = await unconfirmed(world, 'confirmStock');
  world.faults.confirmStock = away;
  const pending = await resolve(second.orderId, because('retry'));
  expect([pending.status, pending.body['status']]).toEqual([202, 'PENDING']);
  delete world.faults.confirmStock;
  const completed = await resolve(second.orderId, because('confirm'));
  expect([completed.status, completed.body['status']]).toEqual([200, 'COMPLETED']);
  const trail = await world.databases
    .order('resolutions')
    .select('operator', 'action', 'reason', 'outcome')
    .orderBy('resolution_id');
  const by = { operator: 'olga', reason: 'the customer called' };
  expect(trail).toEqual([
    { ...by, action: 'cancel', outcome: 'cancelled' },
    { ...by, action: 'retry', outcome: 'pending' },
    { ...by, action: 'confirm', outcome: 'completed' },
  ]);
  await expectClean(world);
});

it('refuses what is unsafe, what does not wait, and what does not exist', async () => {
  const { orderId } = await unconfirmed(world, 'confirmPoints');
  const unsafe = await resolve(orderId, because('cancel'));
  expect([unsafe.status, unsafe.body]).toEqual([
    409,
    problemLike('resolution-unsafe', 409, { orderId }),
  ]);
  await resolve(orderId, because('confirm'));
  const ended = await resolve(orderId, because('cancel'));
  expect([ended.status, ended.body]).toEqual([409, problemLike('not-pending', 409, { orderId })]);
  const created = await createOrder(world);
  expect((await resolve(created.orderId, because('retry'))).status).toBe(409);
  expect((await resolve('o-none', because('retry'))).status).toBe(404);
  expect((await resolve('a%20b', because('retry'))).status).toBe(400);
  await place(world, [created], 'tcc');
  await expectClean(world);
});

it.each([
  ['an unknown action', { action: 'forget', reason: 'x' }],
  ['no reason', { action: 'cancel' }],
  ['an empty reason', { action: 'cancel', reason: '  ' }],
  ['too long a reason', { action: 'cancel', reason: 'x'.repeat(501) }],
  ['another field', { action: 'cancel', reason: 'x', operator: 'me' }],
])('refuses a resolution with %s', async (_what, body) => {
  const answer = await resolve('o-1', body);
  expect([answer.status, answer.body['type']]).toEqual([422, '/problems/validation']);
});

it('lets staff read and operators resolve, and customers do neither', async () => {
  for (const role of ['viewer', 'operator', 'approver']) {
    expect((await read('/operator/alerts', role)).status).toBe(200);
    expect((await read('/operator/orders?status=PENDING', role)).status).toBe(200);
  }
  for (const role of ['viewer', 'approver', 'customer']) {
    expect((await resolve('o-1', because('cancel'), role)).status).toBe(403);
  }
  expect((await read('/operator/alerts', 'customer')).status).toBe(403);
  expect((await read('/operator/orders?status=PENDING', 'customer')).status).toBe(403);
  expect((await read('/operator/orders?status=COMPLETED')).status).toBe(422);
  expect((await call(api, 'DELETE', '/operator/alerts')).status).toBe(405);
});

it('answers that it cannot resolve, and does nothing', async () => {
  const headers = await as('operator');
  const body = because('retry');
  const answer = await call(harness.api, 'POST', '/operator/orders/o-1/resolve', { body, headers });
  expect([answer.status, answer.body]).toEqual([503, problemLike('unavailable', 503)]);
});

it('allows one resolution at a time; a terminated one does not block the next', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const frozen = new Gate();
  world.faults.overturnDecision = async (run) => {
    await frozen.pass();
    return run();
  };
  const first = resolve(orderId, because('cancel'));
  await frozen.reached;
  const second = await resolve(orderId, because('retry'));
  expect(second.body).toEqual(problemLike('resolution-under-way', 409, { orderId }));
  const { owner } = await stateOf(world, orderId);
  await world.client.workflow.getHandle(owner ?? '').terminate();
  expect((await first).status).toBe(503);
  expect((await resolve(orderId, because('retry'))).status).toBe(200);
  frozen.open();
  const outcomes = world.databases.order('resolutions').orderBy('resolution_id').pluck('outcome');
  expect(await outcomes).toEqual(['pending', 'completed']);
});

it('lets one of two concurrent resolutions begin', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  const answers = await Promise.all([1, 2].map(() => resolve(orderId, because('confirm'))));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(await world.databases.order('resolutions')).toHaveLength(1);
});
