import { byLabel } from '../../contracts/participants';
import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { look, watchWhile } from '../../tools/measure/isolation';
import { irregularityOf, Sightings, type Sight } from '../../tools/measure/sightings';
import { until } from '../support/orders';
import { databaseNames, onConnection, startOwnServer, type OwnServer } from './server';

/** The reader of snapshots against planted states, and against one single transaction. */

let server: OwnServer;
let reader: Knex;
let worker: Knex;

beforeAll(async () => {
  server = await startOwnServer();
  reader = server.open('order', 'auditor');
  worker = server.open('order', 'worker');
});
afterAll(() => server.stop());

/** An id like the API's, of the current time. */
function newId(): string {
  const hex = Date.now().toString(16).padStart(12, '0');
  return `o-${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`;
}

async function plantOrder(): Promise<string> {
  const orderId = newId();
  await worker('orders').insert({
    order_id: orderId,
    customer_id: 'anna',
    idempotency_key: orderId,
    request_hash: 'test',
    status: 'PLACING',
    pattern: 'saga',
    owner: 'test',
    total: 1,
  });
  return orderId;
}

const takeStock = (id: string) =>
  `INSERT INTO product_service.stock_ledger (order_id, product_id, kind, quantity)
   VALUES ('${id}', 'apple', 'deduct', -1), ('${id}', 'pear', 'deduct', -2)`;
const restoreStock = (id: string) =>
  `INSERT INTO product_service.stock_ledger (order_id, product_id, kind, quantity)
   VALUES ('${id}', 'apple', 'restore', 1), ('${id}', 'pear', 'restore', 2)`;
const takePoints = (id: string) =>
  `INSERT INTO point_service.point_ledger (order_id, customer_id, kind, points)
   VALUES ('${id}', 'anna', 'use', -1)`;
const mark = (id: string, status: 'COMPLETED' | 'CANCELLED') =>
  `UPDATE order_service.orders
   SET status = '${status}', decision = '${status === 'COMPLETED' ? 'COMPLETE' : 'CANCEL'}'
   WHERE order_id = '${id}'`;
const step = (database: string, id: string, name: string, outcome: string) =>
  `INSERT INTO ${database}.steps (order_id, step, hash, outcome)
   VALUES ('${id}', '${name}', 'h', '{"kind":"${outcome}"}')`;

async function sightOf(orderId: string): Promise<Sight | undefined> {
  const sights = await look(reader, databaseNames, '');
  return sights.find((sight) => sight.orderId === orderId);
}

/** Waits until a snapshot shows the present state; an earlier one may still be in progress. */
async function seen(sightings: Sightings): Promise<void> {
  const from = sightings.snapshots;
  await until('two more snapshots', () => sightings.snapshots >= from + 2);
}

const taken = byLabel(() => 'taken' as const);
const nothing = byLabel(() => 'nothing' as const);

describe('what an order is caught as', () => {
  const sight = (status: string, fields: Partial<Sight>): Sight => ({
    orderId: 'o-1',
    status,
    ...nothing,
    ...fields,
  });

  test.each([
    ['CREATED', nothing, undefined],
    ['PLACING', nothing, undefined],
    ['COMPLETED', taken, undefined],
    ['CANCELLED', nothing, undefined],
    ['PLACING', { stock: 'taken' }, 'stock alone'],
    ['PENDING', { stock: 'reserved' }, 'stock alone'],
    ['PLACING', { points: 'reserved' }, 'points alone'],
    ['PLACING', taken, 'not marked'],
    ['PLACING', { stock: 'reserved', points: 'taken' }, 'not marked'],
    ['COMPLETED', nothing, 'completed early'],
    ['COMPLETED', { stock: 'taken', points: 'reserved' }, 'completed early'],
    ['CANCELLED', { points: 'taken' }, 'cancelled early'],
    ['CANCELLED', { stock: 'reserved' }, 'cancelled early'],
  ] as const)('%s with %j: %s', (status, fields, expected) => {
    expect(irregularityOf(sight(status, fields))).toBe(expected);
  });
});

test('bounds durations by the snapshots around them', () => {
  const sightings = new Sightings();
  const half = { ...nothing, orderId: 'o-1', status: 'PLACING', stock: 'taken' } as const;
  const whole = { ...taken, orderId: 'o-1', status: 'COMPLETED' } as const;
  sightings.add({ fromMs: 0, toMs: 1 }, []);
  sightings.add({ fromMs: 10, toMs: 12 }, [half]);
  sightings.add({ fromMs: 20, toMs: 21 }, [{ ...half, points: 'reserved' }]);
  sightings.add({ fromMs: 30, toMs: 33 }, [whole, { ...half, orderId: 'o-2' }]);
  sightings.add({ fromMs: 40, toMs: 41 }, [whole]);
  expect(sightings.durations).toEqual([
    { atLeastMs: 20 - 12, atMostMs: 33 - 0 },
    // Seen once and never seen to end: its minimal duration is zero.
    { atLeastMs: 0, atMostMs: 41 - 20 },
  ]);
  expect(sightings.byKind).toEqual({ 'stock alone': 2, 'not marked': 1 });
  expect(sightings.pausesMs).toEqual([10, 10, 10, 10]);
  expect([sightings.count, sightings.snapshots]).toEqual([2, 5]);
});

test('reads the ledgers and the barriers of all three databases', async () => {
  const orderId = await plantOrder();
  const nothing = { orderId, status: 'PLACING', stock: 'nothing', points: 'nothing' };
  expect(await sightOf(orderId)).toEqual(nothing);
  await worker.raw(step('product_service', orderId, 'tryStock', 'done'));
  expect(await sightOf(orderId)).toEqual({ ...nothing, stock: 'reserved' });
  await worker.raw(step('point_service', orderId, 'tryPoints', 'rejected'));
  expect(await sightOf(orderId)).toEqual({ ...nothing, stock: 'reserved' });
  await worker.raw(step('product_service', orderId, 'cancelStock', 'done'));
  expect(await sightOf(orderId)).toEqual(nothing);
  await worker.raw(takeStock(orderId));
  await worker.raw(takePoints(orderId));
  expect(await sightOf(orderId)).toEqual({ ...nothing, stock: 'taken', points: 'taken' });
  await worker.raw(restoreStock(orderId));
  expect(await sightOf(orderId)).toEqual({ ...nothing, points: 'taken' });
});

test('catches and names an order that is planted half done, with its duration', async () => {
  let halfMs = 0;
  const { sightings } = await watchWhile(reader, databaseNames, async (sightings) => {
    const [halfDone, clean] = [await plantOrder(), await plantOrder()];
    await seen(sightings);
    await worker.raw(takeStock(halfDone));
    const since = performance.now();
    await seen(sightings);
    await worker.raw(takePoints(halfDone));
    await seen(sightings);
    halfMs = performance.now() - since;
    await worker.raw(mark(halfDone, 'COMPLETED'));
    await worker.raw(mark(clean, 'CANCELLED'));
    await seen(sightings);
  });
  expect(sightings.count).toBe(1);
  expect(sightings.byKind).toEqual({ 'stock alone': 1, 'not marked': 1 });
  const [duration] = sightings.durations;
  expect(duration?.atLeastMs).toBeGreaterThan(0);
  expect(duration?.atLeastMs).toBeLessThanOrEqual(duration?.atMostMs ?? 0);
  expect(duration?.atMostMs).toBeGreaterThanOrEqual(halfMs);
});

test('never catches one transaction over all three databases, even if it takes long', async () => {
  const statements = [takeStock, takePoints, (id: string) => mark(id, 'COMPLETED')];
  const ids: string[] = [];
  const { sightings: found } = await watchWhile(reader, databaseNames, async (sightings) => {
    for (let i = 0; i < 5; i += 1) {
      const orderId = await plantOrder();
      ids.push(orderId);
      await onConnection(worker, async (run) => {
        await run('BEGIN');
        for (const statement of statements) {
          await run(statement(orderId));
          await seen(sightings);
        }
        await run('COMMIT');
      });
      await seen(sightings);
    }
  });
  expect(found.snapshots).toBeGreaterThan(5 * 4 * 2);
  expect([found.count, found.byKind]).toEqual([0, {}]);
  const whole = { status: 'COMPLETED', stock: 'taken', points: 'taken' };
  for (const id of ids) expect(await sightOf(id)).toMatchObject(whole);
});

test('sees no prepared branches, and sees their two commits apart', async () => {
  const prepare = (xid: string, statement: string) =>
    onConnection(worker, async (run) => {
      await run(`XA START ${xid}`);
      await run(statement);
      await run(`XA END ${xid}`);
      await run(`XA PREPARE ${xid}`);
    });
  const prepared = await watchWhile(reader, databaseNames, async (sightings) => {
    const orderId = await plantOrder();
    await prepare(`'a','stock',1`, takeStock(orderId));
    await seen(sightings);
    await worker.raw(`XA ROLLBACK 'a','stock',1`);
    await worker.raw(mark(orderId, 'CANCELLED'));
  });
  expect(prepared.sightings.byKind).toEqual({});
  const committed = await watchWhile(reader, databaseNames, async (sightings) => {
    const orderId = await plantOrder();
    await prepare(`'b','stock',1`, takeStock(orderId));
    await worker.raw(`XA COMMIT 'b','stock',1`);
    await seen(sightings);
    await worker.raw(takePoints(orderId));
    await worker.raw(mark(orderId, 'COMPLETED'));
  });
  expect(committed.sightings.byKind).toMatchObject({ 'stock alone': 1 });
});
