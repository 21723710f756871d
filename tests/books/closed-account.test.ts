import type { Api } from '../../api/app';
import { createTemporalResolver } from '../../api/placing/temporal';
import { call, token } from '../api/harness';
import { auditOf } from '../support/audited';
import { createOrder, place, stateOf } from '../support/orders';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { apiOf } from '../support/world-api';
import { pending, unconfirmed } from '../tcc/pending';

/** An account is deleted while an order of its customer waits: an operator can end the order. */

let world: World;
let api: Api;
let close: () => Promise<void>;

beforeAll(async () => {
  world = await createWorld();
  const resolve = createTemporalResolver(world.client, { timing: hurriedTiming });
  ({ api, close } = apiOf(world, { resolve }));
});

afterAll(async () => {
  await close();
  await world.stop();
});

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

async function resolve(orderId: string, action: string) {
  const Authorization = `Bearer ${await token('olga', { claims: { role: 'operator' } })}`;
  const { status, body } = await call(api, 'POST', `/operator/orders/${orderId}/resolve`, {
    body: { action, reason: 'the customer has left' },
    headers: { Authorization },
  });
  return [status, body['status']];
}

const deleteAccount = () => world.databases.point('point_accounts').delete();

/** PENDING: the points are used or not yet requested, and the product is unknown. */
async function broken(pattern: 'saga' | 'xa') {
  const order = await createOrder(world, { lines: { ghost: 3 } });
  expect(await place(world, [order], pattern)).toEqual(pending);
  return order;
}

async function points(orderId: string): Promise<number[]> {
  return world.databases.point('point_ledger').where('order_id', orderId).pluck<number[]>('points');
}

test('saga: a cancel refunds to the ledger if the account is gone, and the audit reports it', async () => {
  const order = await broken('saga');
  await deleteAccount();
  expect(await resolve(order.orderId, 'cancel')).toEqual([200, 'CANCELLED']);
  expect(await points(order.orderId)).toEqual([-order.total, order.total]);
  const { violations } = await auditOf(world);
  expect(violations).toMatchObject([{ rule: 'balance-missing', orderId: order.orderId }]);
});

test('saga: a compensation whose account is gone ends the order', async () => {
  const order = await createOrder(world, { lines: { apple: 1_001 } });
  world.faults.refundPoints = async (run) => {
    await deleteAccount();
    return run();
  };
  await place(world, [order], 'saga');
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED' });
  expect(await points(order.orderId)).toEqual([-order.total, order.total]);
});

test('saga: a retry completes the order with the points that it used before', async () => {
  const order = await broken('saga');
  await deleteAccount();
  expect(await resolve(order.orderId, 'retry')).toEqual([202, 'PENDING']);
  // The product is still unknown; once it exists, the order completes with the points that it used.
  await world.databases.stock({ ghost: { available: 10 } });
  expect(await resolve(order.orderId, 'retry')).toEqual([200, 'COMPLETED']);
});

test.each([
  ['cancel', [200, 'CANCELLED'], []],
  ['retry', [200, 'COMPLETED'], [-3]],
  ['confirm', [200, 'COMPLETED'], [-3]],
])('tcc: %s ends an order that is decided COMPLETE', async (action, answer, ledger) => {
  const { orderId } = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  await deleteAccount();
  expect(await resolve(orderId, action)).toEqual(answer);
  expect(await points(orderId)).toEqual(ledger);
});

test('xa: a cancel ends an order with a broken step', async () => {
  const order = await broken('xa');
  await deleteAccount();
  expect(await resolve(order.orderId, 'cancel')).toEqual([200, 'CANCELLED']);
});

test('xa: a retry cancels the order, because the customer has no points', async () => {
  const order = await broken('xa');
  await deleteAccount();
  await world.databases.stock({ ghost: { available: 10 } });
  expect(await resolve(order.orderId, 'retry')).toEqual([200, 'CANCELLED']);
  expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'insufficient-points' });
});
