import { readFileSync } from 'node:fs';
import type { Service } from '../../contracts/participants';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { mysqlServer } from '../support/servers';
import { createWorld, type World } from './world';

/**
 * Balance changes without an order, made by the runbook's own statements: after them the audit
 * proves the books, and without them it reports the difference.
 */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
beforeEach(async () => {
  await world.begin();
  await world.order({ orderId: 'sold', status: 'COMPLETED', customerId: 'c-1' });
  await world.take('sold');
});
afterAll(() => world.end());

const page = readFileSync(join(__dirname, '../../docs/runbooks/audit-finding.md'), 'utf8');

/** The statements for one service under a heading of the runbook, in page order. */
function statementsOf(heading: string, service: Service): string[] {
  const [, rest = ''] = page.split(`### ${heading}\n`);
  const [section = ''] = rest.split('\n### ');
  return [...section.matchAll(new RegExp(`sql ${service} "([^"]+)"`, 'g'))].map(
    ([, sql = '']) => sql,
  );
}

const words = { reference: 'note-1', productId: 'p-1', customerId: 'c-1', you: 'olga', why: 'due' };

/** Runs statements of the page like the shell function `sql`. */
async function run(
  service: 'product' | 'point',
  sql: string | undefined,
  filled: Record<string, string | number>,
): Promise<void> {
  if (sql === undefined) throw new Error('The page has no such statement');
  const whole = sql.replaceAll(/<(\w+)>/g, (_, name: string) =>
    String({ ...words, ...filled }[name]),
  );
  const { host, port, user, password } = mysqlServer();
  const database = world.databases.names[service];
  const settings = { host, port, user, password, database, multipleStatements: true };
  const connection = await createConnection(settings);
  try {
    await connection.query(whole);
  } finally {
    await connection.end();
  }
}

const found = async () => (await world.audit()).violations.map(({ rule }) => rule);
const account = () => world.databases.point('point_accounts').where('customer_id', 'c-1');

const [restock] = statementsOf('Goods came, or were lost', 'product');
const [grant] = statementsOf('Goods came, or were lost', 'point');
const [close, owed, comesBack] = statementsOf('An account is closed', 'point');
const [closeLate] = statementsOf('A balance is gone', 'point');

test('proves a booked delivery, and counts a repeated booking once', async () => {
  await run('product', restock, { pieces: 40 });
  await expect(run('product', restock, { pieces: 40 })).rejects.toThrow('Duplicate entry');
  expect(await found()).toEqual([]);
  const products = world.databases.product('products').where('product_id', 'p-1');
  expect(await products.pluck('available')).toEqual([138]);
});

test('finds a delivery that is not booked, and the booking alone corrects it', async () => {
  await world.databases.product('products').where('product_id', 'p-1').increment('available', 40);
  expect(await found()).toEqual(['stock-balance']);
  const [insert] = /INSERT[^;]+/.exec(restock ?? '') ?? [];
  await run('product', insert, { pieces: 40 });
  expect(await found()).toEqual([]);
});

test('proves granted points', async () => {
  await run('point', grant, { points: 40 });
  expect(await found()).toEqual([]);
});

test('finds a booking without its balance', async () => {
  await world.databases.product('bookings').insert({
    reference: 'n',
    product_id: 'p-1',
    kind: 'restock',
    quantity: 3,
    booked_by: 'x',
    reason: 'y',
  });
  expect(await found()).toEqual(['stock-balance']);
});

test('accepts an account that is closed by a booking', async () => {
  await run('point', close, {});
  expect(await account()).toEqual([]);
  expect(await found()).toEqual([]);
});

test('does not close an account with reserved points', async () => {
  await account().update({ available: 1, reserved: 969 });
  await run('point', close, {});
  expect(await account()).toHaveLength(1);
  expect(await world.databases.point('bookings')).toEqual([]);
});

test('finds a deleted account until its closing is booked', async () => {
  await account().delete();
  const { violations } = await world.audit();
  expect(violations).toEqual([
    {
      rule: 'balance-missing',
      orderId: 'sold',
      detail:
        'customer c-1: the ledger moved -30, but the balance does not exist; ' +
        'look first at order sold',
    },
  ]);
  await run('point', closeLate, {});
  expect(await found()).toEqual([]);
});

test('finds points refunded after the closing, until their payout is booked', async () => {
  await run('point', close, {});
  const entry = { order_id: 'sold', customer_id: 'c-1', kind: 'refund', points: 30 };
  await world.databases.point('point_ledger').insert(entry);
  await world.barrier('point', 'sold', 'refundPoints', { kind: 'done' });
  await world.giveBack('sold', { stock: true });
  const cancelled = { status: 'CANCELLED', decision: 'CANCEL' } as const;
  await world.databases.order('orders').where('order_id', 'sold').update(cancelled);
  const { violations } = await world.audit();
  expect(violations).toEqual([
    {
      rule: 'balance-missing',
      orderId: 'sold',
      detail: 'customer c-1: closed, and 30 are owed since; look first at order sold',
    },
  ]);
  await run('point', owed, { owed: 30, reference: 'note-2' });
  expect(await found()).toEqual([]);
});

test('a customer whose account is opened again starts with zero, and the audit is clean', async () => {
  await run('point', close, {});
  await run('point', comesBack, {});
  expect(await account()).toMatchObject([{ available: 0, reserved: 0 }]);
  expect(await found()).toEqual([]);
});
