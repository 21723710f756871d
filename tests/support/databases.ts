import { randomBytes } from 'node:crypto';
import { type Service, services } from '../../contracts/participants';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/transaction/connection';
import { databaseUsers } from '../../migrations/grants';
import { prepareDatabase } from '../../migrations/prepare';
import { mysqlServer, type TestMysql } from './servers';

/** The three services' databases, fresh for one test file; the handles are the administrator's. */
export interface TestDatabases extends Record<Service, Knex> {
  names: Record<Service, string>;
  /** The connection string of a least-privilege user, such as `product_worker`. */
  url(user: string, service: Service): string;
  /** Puts these products on the shelf, over what is there. */
  stock(products: Record<string, { available: number; price?: number }>): Promise<void>;
  /** Gives these customers points, over what is there. */
  points(accounts: Record<string, number>): Promise<void>;
  /** Empties every table, so that the next test starts from nothing. */
  empty(): Promise<void>;
  drop(): Promise<void>;
}

const testPassword = 'for-tests-only';
const poolMax = 8;

/**
 * Creates, migrates and grants three databases of their own on the tests' MySQL server, or where a
 * test has a server of its own.
 */
export async function createTestDatabases(
  servers: Partial<Record<Service, TestMysql>> = {},
): Promise<TestDatabases> {
  const serverOf = (service: Service) => servers[service] ?? mysqlServer();
  const suffix = randomBytes(4).toString('hex');
  const names = {
    order: `order_${suffix}`,
    product: `product_${suffix}`,
    point: `point_${suffix}`,
  };
  const at = (service: Service, user: string, password: string, database = names[service]) => {
    const { host, port } = serverOf(service);
    return `mysql://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/${database}`;
  };
  const open = (service: Service, size: number, database?: string) => {
    const { user, password } = serverOf(service);
    return openDatabase({ url: at(service, user, password, database), poolMax: size });
  };
  const admins = {
    order: open('order', 1, ''),
    product: open('product', 1, ''),
    point: open('point', 1, ''),
  };
  const [order, product, point] = services.map((service) => open(service, poolMax)) as [
    Knex,
    Knex,
    Knex,
  ];
  const handles = { order, product, point };
  const passwords = Object.fromEntries(databaseUsers.map(({ user }) => [user, testPassword]));
  for (const service of services) {
    await prepareDatabase({
      admin: admins[service],
      schema: handles[service],
      service,
      database: names[service],
      passwords,
    });
  }

  return {
    ...handles,
    names,
    url: (user, service) => at(service, user, testPassword),
    async stock(products) {
      const rows = Object.entries(products).map(([id, { available, price }]) => ({
        product_id: id,
        name: id,
        price: price ?? 1,
        available,
        opening: available,
      }));
      await product('products').insert(rows).onConflict('product_id').merge();
    },
    async points(accounts) {
      const rows = Object.entries(accounts).map(([id, available]) => ({
        customer_id: id,
        available,
        opening: available,
      }));
      await point('point_accounts').insert(rows).onConflict('customer_id').merge();
    },
    async empty() {
      await Promise.all(services.map((service) => emptyTables(handles[service], names[service])));
    },
    async drop() {
      for (const service of services) {
        await handles[service].destroy();
        // A session of the test's that has just ended may hold a table for a moment.
        await admins[service].raw('SET SESSION lock_wait_timeout = 60');
        await admins[service].raw('DROP DATABASE ??', [names[service]]);
        await admins[service].destroy();
      }
    },
  };
}

async function emptyTables(knex: Knex, database: string): Promise<void> {
  const [tables] = (await knex.raw(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = ? AND table_name NOT LIKE 'knex%'`,
    [database],
  )) as [{ name: string }[]];
  for (const { name } of tables) await knex.raw('DELETE FROM ??', [name]);
}
