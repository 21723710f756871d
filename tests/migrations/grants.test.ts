import type { Knex } from 'knex';
import { type Service, services } from '../../contracts/participants';
import { openDatabase } from '../../activities/database/connection';
import { databaseUsers } from '../../migrations/grants';
import { prepareDatabase } from '../../migrations/prepare';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { mysqlServer } from '../support/servers';

/** A user who knows a branch's gtrid may end it, without any other privilege. */

let databases: TestDatabases;

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(() => databases.drop());

const users = [...new Set(databaseUsers.map(({ user }) => user))];
const participants = ['product', 'point'] as const;

/** Runs this statement on the server as this user. */
async function whereAllowed(user: string, sql: string): Promise<Service[]> {
  const answers = await Promise.all(
    services.map(async (service) => {
      const knex = openDatabase({ url: databases.url(user, service), poolMax: 1 });
      try {
        await knex.raw(sql);
        return [service];
      } catch (error) {
        // Denied: the database, the table, the column, or a server privilege.
        const { errno } = error as { errno?: number };
        if (errno !== undefined && [1044, 1045, 1142, 1143, 1227].includes(errno)) return [];
        if (errno === 1146 && service === 'order') return [];
        throw error;
      } finally {
        await knex.destroy();
      }
    }),
  );
  return answers.flat();
}

test.each(users)('%s reads no gtrid that it does not need', async (user) => {
  const needed: Record<string, Service[]> = {
    product_worker: ['product'],
    point_worker: ['point'],
  };
  expect(await whereAllowed(user, 'SELECT gtrid FROM xa_branches')).toEqual(needed[user] ?? []);
  const guess = "SELECT order_id FROM xa_branches WHERE gtrid LIKE 'a%' ORDER BY gtrid";
  expect(await whereAllowed(user, guess)).toEqual(needed[user] ?? []);
});

test.each(users)('%s lists no prepared branches that it does not end', async (user) => {
  // The recovery users reach no database, and a server privilege has no table.
  const knex = openDatabase({
    url: databases.url(user, 'product').replace(/\/[^/]*$/, '/'),
    poolMax: 1,
  });
  const listed = await knex.raw('XA RECOVER').then(
    () => true,
    () => false,
  );
  await knex.destroy();
  expect(listed).toBe(user.endsWith('_recovery'));
});

test('only xa_branches has a column called gtrid, because any other would need the same grants', async () => {
  for (const service of services) {
    const [columns] = (await databases[service].raw(
      `SELECT table_name AS t FROM information_schema.columns
       WHERE table_schema = ? AND column_name = 'gtrid'`,
      [databases.names[service]],
    )) as [{ t: string }[]];
    expect(columns.map(({ t }) => t)).toEqual(service === 'order' ? [] : ['xa_branches']);
  }
});

test.each(participants)('the auditor reads everything else in %s', async (service) => {
  const knex = openDatabase({ url: databases.url('auditor', service), poolMax: 1 });
  const [columns] = (await databases[service].raw(
    `SELECT table_name AS t, column_name AS c FROM information_schema.columns
     WHERE table_schema = ? AND table_name NOT LIKE 'knex%'`,
    [databases.names[service]],
  )) as [{ t: string; c: string }[]];
  const hidden: string[] = [];
  for (const { t, c } of columns) {
    await knex.raw('SELECT ?? FROM ?? LIMIT 1', [c, t]).catch(() => hidden.push(`${t}.${c}`));
  }
  await knex.destroy();
  expect(hidden).toEqual(['xa_branches.gtrid', 'xa_branches.hash']);
});

test('revokes what an earlier version granted on a whole database', async () => {
  const { host, port, user, password } = mysqlServer();
  const url = `mysql://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/`;
  const admin: Knex = openDatabase({ url, poolMax: 1 });
  try {
    await admin.raw(`GRANT SELECT ON ??.* TO 'auditor'@'%'`, [databases.names.product]);
    expect(await whereAllowed('auditor', 'SELECT gtrid FROM xa_branches')).toEqual(['product']);
    await prepareDatabase({
      admin,
      schema: databases.product,
      service: 'product',
      database: databases.names.product,
      passwords: Object.fromEntries(users.map((name) => [name, 'for-tests-only'])),
    });
    expect(await whereAllowed('auditor', 'SELECT gtrid FROM xa_branches')).toEqual([]);
    expect(await whereAllowed('auditor', 'SELECT order_id FROM xa_branches')).not.toEqual([]);
  } finally {
    await admin.destroy();
  }
});
