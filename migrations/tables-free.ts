import type { Knex } from 'knex';
import { rowsOf } from '../activities/database/rows';

const lockWaitTimeout = 1205;

/**
 * Locks every table of the database for a moment, waiting at most the session's
 * `lock_wait_timeout`, as an ALTER would. If a migration's second statement failed, MySQL would not
 * undo the first; so nothing is altered unless everything can be.
 *
 * @throws Error that names the sessions that hold them, as far as the server tells
 */
export async function demandFreeTables(schema: Knex, database: string): Promise<void> {
  const tables = await rowsOf<{ name: string }>(
    schema,
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = ? AND table_type = 'BASE TABLE'`,
    [database],
  );
  if (tables.length === 0) return;
  try {
    await schema.transaction(async (trx) => {
      await trx.raw(`LOCK TABLES ${tables.map(() => '?? WRITE').join(', ')}`, tables.map(nameOf));
      await trx.raw('UNLOCK TABLES');
    });
  } catch (error) {
    throw await explained(error, schema, database);
  }
}

/** A migration's error, with the sessions that block it if it waited for a lock. */
export async function explained(error: unknown, schema: Knex, database: string): Promise<unknown> {
  if ((error as { errno?: unknown }).errno !== lockWaitTimeout) return error;
  const holders = await holdersOf(schema, database).catch(() => []);
  const known = holders.length > 0 ? holders.join('; ') : 'unknown to the server';
  return new Error(
    `${database} cannot be migrated, because its tables are locked. Held by: ${known}. ` +
      'End that, and start again. Only migrations reported as done have changed anything.',
    { cause: error },
  );
}

function nameOf({ name }: { name: string }): string {
  return name;
}

interface LockRow {
  name: string;
  id: number | null;
  user: string | null;
  time: number | null;
}

/**
 * Sessions by the server's lists, and prepared branches, which have no session, by their formatID.
 */
async function holdersOf(schema: Knex, database: string): Promise<string[]> {
  const locks = await rowsOf<LockRow>(
    schema,
    `SELECT DISTINCT l.object_name AS name, t.processlist_id AS id, t.processlist_user AS user,
       t.processlist_time AS time
     FROM performance_schema.metadata_locks l
     LEFT JOIN performance_schema.threads t ON t.thread_id = l.owner_thread_id
     WHERE l.object_schema = ? AND l.object_type = 'TABLE' AND l.lock_status = 'GRANTED'
       AND NOT t.processlist_id <=> CONNECTION_ID()`,
    [database],
  );
  const sessions = locks.flatMap(({ name, id, user, time }) =>
    id === null ? [] : [`session ${id} of ${String(user)} on ${name}, for ${String(time)} s`],
  );
  if (sessions.length === 0) sessions.push(...(await openTransactions(schema)));
  const prepared = await rowsOf<{ formatID: number }>(schema, 'XA RECOVER');
  const formats = [...new Set(prepared.map(({ formatID }) => formatID))];
  const branches = formats.map((format) => {
    const count = prepared.filter(({ formatID }) => formatID === format).length;
    return `${String(count)} prepared XA branches with formatID ${String(format)}`;
  });
  return [...sessions, ...branches];
}

/** Without performance_schema the server only lists the open transactions. */
async function openTransactions(schema: Knex): Promise<string[]> {
  const rows = await rowsOf<{ id: number; time: number }>(
    schema,
    `SELECT trx_mysql_thread_id AS id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS time
     FROM information_schema.innodb_trx
     WHERE trx_mysql_thread_id NOT IN (0, CONNECTION_ID())`,
  );
  return rows.map(({ id, time }) => `session ${id}, whose transaction is open for ${time} s`);
}
