import type { Knex } from 'knex';
import type { Service } from '../contracts/participants';
import { migrationSource } from './index';
import { databaseUsers } from './grants';
import { demandFreeTables, explained } from './tables-free';
import { rowsOf } from '../activities/database/rows';

/** Creates and migrates one service's database, and grants its users just what they need. */
export interface PrepareOptions {
  /** Connected as an administrator, to no database. */
  admin: Knex;
  /** Connected as an administrator, to `database`. */
  schema: Knex;
  service: Service;
  database: string;
  /** Password of each database user, by user name. */
  passwords: Record<string, string>;
}

/**
 * Creates the database and migrates its schema. Safe to repeat. `schema` may be a lazy connection:
 * it is first used once the database exists.
 *
 * @throws if the server is older than 8.0.29, or is MariaDB, which acknowledges XA commits that it
 *   has not made; within seconds, and with their names, if sessions hold a table to migrate.
 */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  const { admin, service, database } = options;
  await refuseOtherServers(admin);
  await create(admin, database);
  await migrate(options);
  for (const { user, service: owner, grants } of databaseUsers) {
    if (owner !== service) continue;
    const password = options.passwords[user];
    if (!password) throw new Error(`No password for the database user ${user}`);
    await admin.raw(`CREATE USER IF NOT EXISTS ?@'%'`, [user]);
    await admin.raw(`ALTER USER ?@'%' IDENTIFIED BY ?`, [user, password]);
    await takeBackWholeDatabase(admin, database, user);
    for (const { table, privileges } of grants) {
      const { target, names } = targetOf(database, table);
      await admin.raw(`GRANT ${privileges} ON ${target} TO ?@'%'`, [...names, user]);
    }
  }
}

/** An earlier version allowed the auditor to read every column of every table. */
async function takeBackWholeDatabase(admin: Knex, database: string, user: string): Promise<void> {
  const granted = await rowsOf<unknown>(
    admin,
    `SELECT 1 FROM information_schema.schema_privileges WHERE table_schema = ? AND grantee = ?`,
    [database, `'${user}'@'%'`],
  );
  if (granted.length > 0) await admin.raw(`REVOKE ALL ON ??.* FROM ?@'%'`, [database, user]);
}

/**
 * Only if it is missing: even `IF NOT EXISTS` waits for every branch that is prepared in the
 * database.
 */
async function create(admin: Knex, database: string): Promise<void> {
  const there = await rowsOf<unknown>(
    admin,
    'SELECT 1 FROM information_schema.schemata WHERE schema_name = ?',
    [database],
  );
  if (there.length > 0) return;
  await admin.raw(
    `CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci`,
    [database],
  );
}

const unknownDatabase = 1049;

/** Whether migrations are missing in this database. A missing database lacks all. */
export async function isBehind({
  schema,
  service,
}: Pick<PrepareOptions, 'schema' | 'service'>): Promise<boolean> {
  try {
    const source = { migrationSource: migrationSource(service) };
    const [, pending] = (await schema.migrate.list(source)) as [unknown[], unknown[]];
    return pending.length > 0;
  } catch (error) {
    if ((error as { errno?: unknown }).errno !== unknownDatabase) throw error;
    return true;
  }
}

async function migrate(options: PrepareOptions): Promise<void> {
  const { schema, service, database } = options;
  if (!(await isBehind(options))) return;
  await demandFreeTables(schema, database);
  try {
    await schema.migrate.latest({ migrationSource: migrationSource(service) });
  } catch (error) {
    throw await explained(error, schema, database);
  }
}

function targetOf(database: string, table: string): { target: string; names: string[] } {
  if (table === 'server') return { target: '*.*', names: [] };
  return { target: '??.??', names: [database, table] };
}

async function refuseOtherServers(admin: Knex): Promise<void> {
  const rows = await rowsOf<{ version: string }>(admin, 'SELECT VERSION() AS version');
  const version = rows[0]?.version ?? '';
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const recentEnough =
    major > 8 || (major === 8 && (minor > 0 || (Number.isFinite(patch) && patch >= 29)));
  if (/mariadb/i.test(version) || !recentEnough) {
    throw new Error(
      `The database server is ${version}; this system needs MySQL 8.0.29 or newer. ` +
        'MariaDB acknowledges XA commits that it has not made, so it is refused.',
    );
  }
}
