import { randomBytes } from 'node:crypto';
import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  byService,
  participantOf,
  type ParticipantName,
  type Service,
  services,
} from '../../contracts/participants';
import { point } from '../../contracts/participants/point';
import { product } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { databaseUsers } from '../../migrations/grants';
import { prepareDatabase } from '../../migrations/prepare';
import { freeDatabases, mysqlServer, type TestMysql } from './servers';

/** The services' databases, fresh for one test file; the handles are the administrator's. */
export interface TestDatabases extends Record<Service, Knex> {
  names: Record<Service, string>;
  /** The connection string of a least-privilege user, such as `product_worker`. */
  url(user: string, service: Service): string;
  /** Sets these balances of a participant; a product also has a price. */
  fill(name: ParticipantName, balances: Readonly<Record<string, Balance>>): Promise<void>;
  /** Adds these products. */
  stock(products: Readonly<Record<string, Balance>>): Promise<void>;
  /** Gives these customers points. */
  points(accounts: Readonly<Record<string, number>>): Promise<void>;
  /** Empties every table, so that the next test starts from nothing. */
  empty(): Promise<void>;
  /** Closes the connections, and keeps the databases. */
  close(): Promise<void>;
  drop(): Promise<void>;
}

export interface Balance {
  available: number;
  /** 1 by default. */
  price?: number;
}

const testPassword = 'for-tests-only';
const poolMax = 8;

/** Creates, migrates and grants databases on the tests' MySQL server, or on a test's own server. */
export async function createTestDatabases(
  servers: Partial<Record<Service, TestMysql>> = {},
): Promise<TestDatabases> {
  const databases = openDatabases(servers, randomBytes(4).toString('hex'));
  await databases.prepare();
  return databases;
}

/**
 * The emptied databases of an ended world, or new ones. Creating them takes as long as many tests.
 * For tests that do not change the tables.
 */
export async function takeTestDatabases(): Promise<TestDatabases> {
  const left = takeFree();
  const suffix = left ?? randomBytes(4).toString('hex');
  const databases = openDatabases({}, suffix);
  if (left === undefined) await databases.prepare();
  return {
    ...databases,
    async drop() {
      try {
        await databases.empty();
      } catch {
        // A session of the test still holds rows.
        return databases.drop();
      }
      await databases.close();
      writeFileSync(join(freeDatabases(), suffix), '');
    },
  };
}

/** Another test file may be faster: the one that has removed the name gets the databases. */
function takeFree(): string | undefined {
  return readdirSync(freeDatabases()).find((suffix) => {
    try {
      unlinkSync(join(freeDatabases(), suffix));
      return true;
    } catch {
      return false;
    }
  });
}

function openDatabases(
  servers: Partial<Record<Service, TestMysql>>,
  suffix: string,
): TestDatabases & { prepare(): Promise<void> } {
  const serverOf = (service: Service) => servers[service] ?? mysqlServer();
  const names = byService((service) => `${service}_${suffix}`);
  const at = (service: Service, user: string, password: string, database = names[service]) => {
    const { host, port } = serverOf(service);
    return `mysql://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/${database}`;
  };
  const open = (service: Service, size: number, database?: string) => {
    const { user, password } = serverOf(service);
    return openDatabase({ url: at(service, user, password, database), poolMax: size });
  };
  const admins = byService((service) => open(service, 1, ''));
  const handles = byService((service) => open(service, poolMax));

  const fill: TestDatabases['fill'] = async (name, balances) => {
    const { books } = participantOf(name);
    const rows = Object.entries(balances).map(([id, { available, price = 1 }]) => ({
      [books.key]: id,
      available,
      opening: available,
      ...(name === product.name && { name: id, price }),
    }));
    await handles[name](books.balances).insert(rows).onConflict(books.key).merge();
  };

  return {
    ...handles,
    names,
    async prepare() {
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
    },
    url: (user, service) => at(service, user, testPassword),
    fill,
    stock: (products) => fill(product.name, products),
    points(accounts) {
      const entries = Object.entries(accounts).map(([id, available]) => [id, { available }]);
      return fill(point.name, Object.fromEntries(entries) as Record<string, Balance>);
    },
    async empty() {
      await Promise.all(services.map((service) => emptyTables(handles[service], names[service])));
    },
    async close() {
      const all = [...Object.values(handles), ...Object.values(admins)];
      await Promise.all(all.map((knex) => knex.destroy()));
    },
    async drop() {
      for (const service of services) {
        await handles[service].destroy();
        // A session of the test that has just ended may still hold a table for a moment.
        await admins[service].raw('SET SESSION lock_wait_timeout = 60');
        await admins[service].raw('DROP DATABASE ??', [names[service]]);
        await admins[service].destroy();
      }
    },
  };
}

/** The definition of a participant, by its name. */

async function emptyTables(knex: Knex, database: string): Promise<void> {
  const [tables] = (await knex.raw(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = ? AND table_name NOT LIKE 'knex%'`,
    [database],
  )) as [{ name: string }[]];
  for (const { name } of tables) await knex.raw('DELETE FROM ??', [name]);
}
