import type { Books } from '../../contracts/participants/definition';
import { participantMigrations, sourceOf } from '../../migrations';
import { dumpSchema } from '../../migrations/dump';
import { openDatabase } from '../../activities/database/connection';
import { mysqlServer } from '../support/servers';

/** A participant that is only a definition gets tables like the others. */

const vouchers: Books = {
  balances: 'vouchers',
  ledger: 'voucher_ledger',
  key: 'voucher_id',
  amount: 'uses',
  taking: 'redeem',
  returning: 'return',
  bookings: { add: 'issue', remove: 'void' },
  holder: 'voucher',
};
const database = 'vouchers_by_definition';
const { host, port, user, password } = mysqlServer();
const urlOf = (name: string) =>
  `mysql://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/${name}`;
const admin = openDatabase({ url: urlOf(''), poolMax: 1 });
const knex = openDatabase({ url: urlOf(database), poolMax: 1 });
const source = { migrationSource: sourceOf(participantMigrations(vouchers)) };

beforeAll(async () => {
  await admin.raw('CREATE DATABASE ??', [database]);
  await knex.migrate.latest(source);
});

afterAll(async () => {
  await knex.destroy();
  await admin.raw('DROP DATABASE ??', [database]);
  await admin.destroy();
});

const refused = /is violated/;

it('its balances are never negative', async () => {
  await knex('vouchers').insert({ voucher_id: 'c-1', available: 1, opening: 1 });
  await expect(knex('vouchers').update({ available: -1 })).rejects.toThrow(refused);
  await expect(knex('vouchers').update({ reserved: -1 })).rejects.toThrow(refused);
});

it('its ledgers accept only its words, with the right sign', async () => {
  const entry = (kind: string, uses: number) =>
    knex('voucher_ledger').insert({ order_id: 'o-1', voucher_id: 'c-1', kind, uses });
  const booking = (kind: string, uses: number) =>
    knex('bookings').insert({
      reference: `${kind} ${String(uses)}`,
      voucher_id: 'c-1',
      kind,
      uses,
      booked_by: 'olga',
      reason: 'counted',
    });
  await entry('redeem', -1);
  await entry('return', 1);
  await expect(entry('redeem', 1)).rejects.toThrow(refused);
  await expect(entry('deduct', -1)).rejects.toThrow(refused);
  await booking('issue', 1);
  await booking('void', -1);
  await expect(booking('issue', -1)).rejects.toThrow(refused);
  await expect(booking('restock', 1)).rejects.toThrow(refused);
});

it('its migrations can be undone and repeated', async () => {
  const before = await dumpSchema(knex);
  await knex.migrate.rollback(source, true);
  expect(await dumpSchema(knex)).toBe('');
  await knex.migrate.latest(source);
  expect(await dumpSchema(knex)).toBe(before);
});
