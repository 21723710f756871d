import type { Knex } from 'knex';
import { createOrderActivities } from '../../activities/order/activities';
import { createOrderIntake, type OrderIntake } from '../../activities/order/intake';
import { createOrderQueries, type OrderQueries } from '../../activities/order/queries';
import { createOrderReactions } from '../../activities/order/reactions';
import { openDatabase } from '../../activities/database/connection';
import { alertKinds, type AlertKind } from '../../contracts/alerts';
import type { OrderEventActivities } from '../../contracts/deliveries';
import { decisions, type Decision } from '../../contracts/order';
import type { OrderActivities } from '../../contracts/steps';
import { adoptedWaits, waits, type Wait } from '../../contracts/waits';
import { up as addWaits } from '../../migrations/order/0006-waits-for';
import { down as removeWaits } from '../../migrations/order/0006-waits-for';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/** A PENDING order says what it waits for, by the order service's own database users. */

let databases: TestDatabases;
let pools: Knex[];
let orders: OrderActivities;
let events: OrderEventActivities;
let intake: OrderIntake;
let queries: OrderQueries;

beforeAll(async () => {
  databases = await createTestDatabases();
  const open = (user: string) => openDatabase({ url: databases.url(user, 'order'), poolMax: 2 });
  const worker = open('order_worker');
  const api = open('order_api');
  pools = [worker, api];
  orders = createOrderActivities({ knex: worker, askOwners: () => Promise.resolve(new Set()) });
  events = createOrderReactions(worker, () => undefined);
  intake = createOrderIntake(api);
  queries = createOrderQueries(api);
});

afterAll(async () => {
  for (const pool of pools) await pool.destroy();
  await databases.drop();
});

beforeEach(() => databases.empty());

interface Row {
  status: string;
  owner: string | null;
  waits_for: Wait | null;
}

async function write(orderId: string, row: object = {}): Promise<void> {
  await databases.order('orders').insert({
    order_id: orderId,
    customer_id: 'anna',
    idempotency_key: orderId,
    request_hash: 'v1:test',
    pattern: 'saga',
    owner: `place-${orderId}`,
    owned_at: new Date(0),
    status: 'PLACING',
    total: 1,
    ...row,
  });
  const line = { product_id: 'apple', quantity: 1, unit_price: 1 };
  await databases.order('order_lines').insert({ order_id: orderId, line_number: 1, ...line });
}

async function rowOf(orderId: string): Promise<Row> {
  const row: unknown = await databases
    .order('orders')
    .where('order_id', orderId)
    .first('status', 'owner', 'waits_for');
  return { ...(row as Row) };
}

const alert = (orderId: string, ...kinds: AlertKind[]) =>
  orders.alertOrders(kinds.map((kind) => ({ orderId, kind, detail: 'a test' })));

const register = (orderId: string) =>
  orders.registerCompensations([{ orderId, step: 'restoreStock', error: 'ECONNREFUSED' }]);

const resolution = (orderId: string) =>
  orders.openResolution(
    { orderId, action: 'retry', reason: 'a test', operator: 'olga' },
    `resolve-${orderId}`,
  );

/** By kind of alert: undecided, decided COMPLETE, decided CANCEL. */
const expected: Record<AlertKind, [Wait | null, Wait | null, Wait | null]> = {
  'broken-step': ['operator', 'operator', 'cancellation'],
  'heuristic-outcome': ['operator', 'operator', 'operator'],
  'branch-in-doubt': ['branch', 'branch', 'branch'],
  'event-parked': ['event', 'event', 'event'],
  'confirmation-failing': [null, 'confirmation', null],
  'cancellation-failing': [null, null, 'cancellation'],
  // The wait is its registry row's, and there is none.
  'compensation-failing': [null, null, null],
  'reservation-held': [null, null, null],
};

it.each(Object.keys(alertKinds) as AlertKind[])(
  'an alert sets what its order waits for: %s',
  async (k) => {
    const found: (Wait | null)[] = [];
    for (const decision of [null, ...decisions]) {
      const orderId = `o-${decision ?? 'undecided'}`;
      await write(orderId, { decision });
      await alert(orderId, k);
      const { status, waits_for } = await rowOf(orderId);
      expect(status).toBe('PENDING');
      found.push(waits_for);
    }
    expect(found).toEqual(expected[k]);
  },
);

/**
 * An alert for each wait, given CANCEL; a confirmation needs COMPLETE, and no other wait is below
 * it.
 */
const causes: [Wait, (orderId: string) => Promise<void>][] = [
  ['cancellation', (orderId) => alert(orderId, 'cancellation-failing')],
  ['compensation', register],
  ['event', (orderId) => alert(orderId, 'event-parked')],
  ['branch', (orderId) => alert(orderId, 'branch-in-doubt')],
  ['operator', (orderId) => alert(orderId, 'heuristic-outcome')],
];

it('the first of several reasons counts', async () => {
  for (const order of [causes, [...causes].reverse()]) {
    await databases.empty();
    await write('o', { decision: 'CANCEL' });
    let most: number = waits.length;
    for (const [wait, cause] of order) {
      await cause('o');
      most = Math.min(most, waits.indexOf(wait));
      expect((await rowOf('o')).waits_for).toBe(waits[most]);
    }
  }
});

it('an order whose last compensation is done waits for nothing, and ends', async () => {
  await write('o', { decision: 'CANCEL' });
  await register('o');
  expect(await rowOf('o')).toMatchObject({ status: 'PENDING', waits_for: 'compensation' });
  await orders.recordCompensations([{ orderId: 'o', step: 'restoreStock' }]);
  expect(await rowOf('o')).toMatchObject({ status: 'CANCELLED', waits_for: null });
});

const goers: [what: string, go: (orderId: string) => Promise<unknown>, Decision | null][] = [
  ["a customer's cancel", (orderId) => intake.cancelOrder(orderId), null],
  [
    'a decision',
    (orderId) => orders.decideOrders([{ orderId, decision: 'CANCEL', reason: 'unavailable' }]),
    null,
  ],
  ['a resolution', resolution, null],
  ['a resolution of a decided order', resolution, 'COMPLETE'],
  ['the release of its event', (orderId) => events.resolveParked(orderId), 'CANCEL'],
];

it.each(goers)(
  '%s sets an order going, which is an orphan if no workflow drives it',
  async (...row) => {
    const [, go, decision] = row;
    const kind = decision === 'CANCEL' ? 'event-parked' : 'broken-step';
    await write('o', { decision });
    await alert('o', kind);
    expect((await rowOf('o')).waits_for).not.toBeNull();
    expect(await orphans()).toEqual([]);
    await go('o');
    expect(await rowOf('o')).toMatchObject({ status: 'PENDING', waits_for: null });
    await databases.order('orders').update({ owned_at: new Date(0) });
    expect(await orphans()).toEqual(['o']);
  },
);

async function orphans(): Promise<string[]> {
  const query = { olderThanMs: 1_000, afterOwner: '', limit: 100 };
  const found = await orders.findOrphans(query);
  return found.orphans.map(({ orderId }) => orderId);
}

it('a released event leaves the order’s other reasons to wait', async () => {
  await write('o');
  await alert('o', 'event-parked', 'broken-step');
  await events.resolveParked('o');
  expect((await rowOf('o')).waits_for).toBe('operator');
});

it('releasing an event does not put its order aside', async () => {
  await write('o');
  await events.resolveParked('o');
  expect(await rowOf('o')).toMatchObject({ status: 'PLACING', waits_for: null });
});

it.each([['unsafe'], [undefined]] as const)(
  'an order that a resolution left PENDING (%s) waits as it did',
  async (refused) => {
    await write('o', { decision: 'COMPLETE' });
    await alert('o', 'confirmation-failing');
    await resolution('o');
    await orders.closeResolution('resolve-o', ...(refused ? [refused] : []));
    expect(await rowOf('o')).toMatchObject({ status: 'PENDING', waits_for: 'confirmation' });
  },
);

it('an alert that was raised for an earlier owner does not take the order from a resolution', async () => {
  await write('o', { decision: 'COMPLETE' });
  await alert('o', 'confirmation-failing');
  await resolution('o');
  // Forced confirmation read the order before, and finds it frozen.
  await alert('o', 'confirmation-failing');
  // If the resolution's workflow dies now, adoption must find the order.
  expect(await rowOf('o')).toMatchObject({ owner: 'resolve-o', waits_for: null });
  await orders.closeResolution('resolve-o');
  expect((await rowOf('o')).waits_for).toBe('confirmation');
});

it('a resolution that ends late leaves alone an order that a newer one drives', async () => {
  await write('o');
  await alert('o', 'broken-step');
  await resolution('o');
  await databases.order('orders').update({ owner: 'adopt-1' });
  await orders.closeResolution('resolve-o');
  expect(await rowOf('o')).toEqual({ status: 'PENDING', owner: 'adopt-1', waits_for: null });
});

it('adoption takes orders that wait for nothing or for adoption, and sets them going', async () => {
  const waiting = [null, ...waits];
  for (const wait of waiting) {
    await write(`o-${wait ?? 'nothing'}`, { status: 'PENDING', waits_for: wait });
  }
  await write('o-placing');
  const found = [...adoptedWaits, 'nothing', 'placing'].map((what) => `o-${what}`).sort();
  expect((await orphans()).sort()).toEqual(found);
  const query = { olderThanMs: 1_000, afterOwner: '', limit: 100 };
  await orders.adoptOrder((await orders.findOrphans(query)).orphans, 'adopt-1');
  const rows: unknown = await databases
    .order('orders')
    .where('owner', 'adopt-1')
    .select('waits_for');
  expect(rows).toEqual(found.map(() => ({ waits_for: null })));
});

it.each(decisions)('an order that is decided %s and ends waits for nothing', async (decision) => {
  await write('o', { decision });
  await alert('o', 'heuristic-outcome');
  if (decision === 'COMPLETE') await orders.completeOrders(['o']);
  else await orders.closeOrders(['o']);
  expect((await rowOf('o')).waits_for).toBeNull();
});

it('operators see what an order waits for, with the order, in the list and with the alert', async () => {
  await write('o');
  await alert('o', 'event-parked');
  await alert('unknown', 'reservation-held');
  const waiting = { orderId: 'o', waitsFor: 'event' };
  expect(await queries.owned('o')).toMatchObject(waiting);
  expect(await queries.pending(10)).toMatchObject([waiting]);
  const unknown = { orderId: 'unknown', waitsFor: null };
  expect(await queries.openAlerts(10)).toMatchObject([waiting, unknown]);
});

it('the database lets only a PENDING order wait, and only for known reasons', async () => {
  await expect(write('o-1', { waits_for: 'operator' })).rejects.toThrow('orders_pending_waits');
  const unknown = { status: 'PENDING', waits_for: 'tea' };
  await expect(write('o-2', unknown)).rejects.toThrow('orders_waits_for_known');
});

it('the migration fills in old orders as the activities would', async () => {
  const ids: string[] = [];
  for (const kind of Object.keys(alertKinds) as AlertKind[]) {
    for (const decision of [null, ...decisions]) {
      const orderId = `${kind}-${decision ?? 'undecided'}`;
      ids.push(orderId);
      await write(orderId, { decision });
      await alert(orderId, kind);
    }
  }
  await write('registered', { decision: 'CANCEL' });
  await register('registered');
  await write('resolved');
  await alert('resolved', 'broken-step');
  await resolution('resolved');
  const states = () =>
    databases.order('orders').orderBy('order_id').select('order_id', 'waits_for');
  const before: unknown = await states();
  await removeWaits(databases.order);
  await addWaits(databases.order);
  expect(await states()).toEqual(before);
  expect(ids).toHaveLength(24);
});
