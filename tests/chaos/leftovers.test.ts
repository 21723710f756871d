import { randomUUID } from 'node:crypto';
import { openDatabase } from '../../activities/database/connection';
import { countLeftovers, leftoversText } from '../../tools/chaos/leftovers';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/** The test plants and counts each kind of leftover. */

let databases: TestDatabases;

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(() => databases.drop());

beforeEach(() => databases.empty());

/** Other tests may have branches of their own on the same server. */
const nothing = { reserved: 0, parked: 0, unsent: 0, unfinished: 0 };

it('finds none in an empty world', async () => {
  expect(await countLeftovers(databases)).toMatchObject(nothing);
});

it('counts reservations, frozen or not, but no ended ones', async () => {
  const row = (order_id: string, state: string) => ({ order_id, state });
  await databases.product('reservations').insert([
    { ...row('a', 'reserved'), product_id: 'p', quantity: 1 },
    { ...row('b', 'confirmed'), product_id: 'p', quantity: 1 },
  ]);
  await databases.point('reservations').insert([
    { ...row('a', 'frozen'), customer_id: 'c', points: 1 },
    { ...row('b', 'cancelled'), customer_id: 'c', points: 1 },
  ]);
  expect(await countLeftovers(databases)).toMatchObject({ ...nothing, reserved: 2 });
});

it('counts parked and unsent events of every service', async () => {
  const heard = {
    event_id: 'e',
    reaction: 'deductStock',
    type: 'OrderPlaced',
    order_id: 'a',
  } as const;
  await databases.product('inbox').insert([
    { ...heard, parked_at: new Date() },
    { ...heard, event_id: 'f' },
  ]);
  const said = { event_id: 'e', type: 'PointsUsed', order_id: 'a', payload: '{}' } as const;
  await databases.point('outbox').insert([said, { ...said, event_id: 'f', sent_at: new Date() }]);
  expect(await countLeftovers(databases)).toMatchObject({ ...nothing, parked: 1, unsent: 1 });
});

it('counts a prepared branch, although no table shows it', async () => {
  const xid = `'leftover-${randomUUID()}'`;
  const url = databases.url('product_worker', 'product');
  const session = openDatabase({ url, poolMax: 1 });
  const before = (await countLeftovers(databases)).prepared;
  try {
    await session.raw(`XA START ${xid}`);
    await session.raw(`INSERT INTO steps (order_id, step, hash) VALUES ('a', 's', 'h')`);
    await session.raw(`XA END ${xid}`);
    await session.raw(`XA PREPARE ${xid}`);
    expect((await countLeftovers(databases)).prepared).toBeGreaterThan(before);
  } finally {
    await session.destroy();
    await databases.product.raw(`XA ROLLBACK ${xid}`);
  }
});

it('reports what is left, or that nothing is', () => {
  expect(leftoversText({ prepared: 0, reserved: 2, parked: 0, unsent: 0, unfinished: 1 })).toBe(
    'Left behind: nothing prepared, 2 reserved, nothing parked, nothing unsent, 1 unfinished.',
  );
});
