import type { Knex } from 'knex';
import { rowsOf } from '../activities/database/rows';

/** Reads one database: its current state, or a snapshot. */
export interface Reader {
  /** The rows of a SELECT. */
  rows<T>(sql: string, bindings?: readonly Knex.RawBinding[]): Promise<T[]>;
}

/** Reads what was committed when each statement begins. */
export function currentReader(knex: Knex): Reader {
  return { rows: (sql, bindings) => rowsOf(knex, sql, bindings) };
}

/**
 * The longest pause between two reads of a snapshot, in seconds. The usual limit of sessions is
 * meant for steps; here one database may wait for another's sums.
 */
const pauseSMax = 600;

/** The part of Knex's client that acquires one connection. */
interface ConnectionHolder {
  acquireConnection(): Promise<unknown>;
  releaseConnection(connection: unknown): Promise<void>;
}

/**
 * Runs `work` on snapshots of these databases, taken one after another.
 *
 * @throws like `withSnapshot`.
 */
export function withSnapshots<K extends string, T>(
  databases: Readonly<Record<K, Knex>>,
  [first, ...others]: readonly K[],
  work: (snapshots: Record<K, Reader>) => Promise<T>,
): Promise<T> {
  if (first === undefined) return work({} as Record<K, Reader>);
  return withSnapshot(databases[first], (snapshot) =>
    withSnapshots(databases, others, (more) => work({ ...more, [first]: snapshot })),
  );
}

/**
 * Runs `work` on a snapshot of the database: it reads what was committed at one instant. Uses one
 * connection directly, because Knex's transactions cannot start with a snapshot, and their `BEGIN`
 * would use up the isolation level set for the next transaction.
 *
 * @throws the error of the database or of `work`
 */
export async function withSnapshot<T>(
  knex: Knex,
  work: (snapshot: Reader) => Promise<T>,
): Promise<T> {
  const client = knex.client as ConnectionHolder;
  const connection = await client.acquireConnection();
  const run = async <R>(sql: string, bindings: readonly Knex.RawBinding[] = []) => {
    const [rows] = (await knex.raw(sql, bindings).connection(connection)) as [R[]];
    return rows;
  };
  try {
    await run(`SET @pause = @@wait_timeout, SESSION wait_timeout = ${String(pauseSMax)}`);
    await run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    return await work({ rows: run });
  } finally {
    // If the connection itself failed, these fail too, and the pool discards it.
    await run('ROLLBACK').catch(() => undefined);
    await run('SET SESSION wait_timeout = @pause').catch(() => undefined);
    await client.releaseConnection(connection);
  }
}
