import type { Socket } from 'node:net';
import knex, { type Knex } from 'knex';

/** How a process connects to a database. */
export interface DatabaseSettings {
  /** `mysql://user:password@host:port/database` */
  url: string;
  /**
   * At least the number of concurrent transactions; otherwise steps would wait for a connection.
   */
  poolMax: number;
  /** The wait for a row lock, in whole seconds; see `sessionLimits`. */
  lockWaitSMax?: number;
  /**
   * Closes a connection that has been silent for this long; the outcome is then unknown. Otherwise
   * a network that drops everything would block a step for hours. Only for clients with short
   * statements. Without it no connection is closed.
   */
  silentMsMax?: number;
  /**
   * The time that the client gives a statement, if it is less. The server's limits are set below
   * it.
   */
  clientMsMax?: number;
  /**
   * Allows only one connection: if it is lost, later statements fail. For an XA branch, whose next
   * statement would otherwise be committed on another connection.
   */
  oneConnection?: boolean;
}

const defaultLockWaitS = 3;
/** Otherwise a frozen or cut-off connection would hold its locks for MySQL's default of 8 hours. */
const sessionIdleSMax = 15;
/** Below `sessionIdleSMax`, so the pool closes an idle connection before the server does. */
const poolIdleMsMax = 8_000;
const connectMsMax = 3_000;
const acquireMsMax = 5_000;

/** Longer than a step's statement may wait at the server; see `sessionLimits`. */
export const silentMsMax = 10_000;
/**
 * The time that the API gives a statement, because a caller waits. Use it as a query's `timeout`.
 */
export const queryMsMax = 5_000;

/** How long a session may wait and work at the server. */
interface SessionLimits {
  /** The wait for a row lock. */
  lockWaitS: number;
  /** The wait for a table that is being altered, or for a global read lock, also at COMMIT. */
  tableWaitS: number;
  /** The total time of a read, including waits. */
  executionMs: number;
}

/**
 * Derives the server's limits from the client's time limit, each below the next:
 *
 *     a row + a table < a read's execution < the client
 *
 * A waiting server does not notice that its client has gone. A session that may wait longer than
 * its client would stay behind, and each retry would add another. With these limits no session
 * needs to be killed, and no user needs the privilege to kill.
 */
export function sessionLimits(clientMsMax: number, lockWaitSMax: number): SessionLimits {
  /** MySQL takes both in whole seconds. One second is left for the answer. */
  const bothS = Math.floor(clientMsMax / 1_000) - 1;
  const lockWaitS = Math.max(1, Math.min(lockWaitSMax, Math.floor(bothS / 2)));
  const tableWaitS = Math.max(1, bothS - lockWaitS);
  return { lockWaitS, tableWaitS, executionMs: clientMsMax - 500 };
}

/**
 * A session's first statement. A client without a time limit, such as the auditor, may read long.
 */
function sessionSettings({ clientMsMax, lockWaitSMax, silentMsMax: silent }: DatabaseSettings) {
  const patience = clientMsMax ?? silent;
  const asked = lockWaitSMax ?? defaultLockWaitS;
  const limits = sessionLimits(patience ?? silentMsMax, asked);
  const networkS = Math.ceil((silent ?? silentMsMax) / 1_000);
  const settings = [
    `transaction_isolation = 'READ-COMMITTED'`,
    `time_zone = '+00:00'`,
    `innodb_lock_wait_timeout = ${String(patience === undefined ? asked : limits.lockWaitS)}`,
    `lock_wait_timeout = ${String(limits.tableWaitS)}`,
    `max_execution_time = ${String(patience === undefined ? 0 : limits.executionMs)}`,
    `wait_timeout = ${String(sessionIdleSMax)}`,
    `net_read_timeout = ${String(networkS)}`,
    `net_write_timeout = ${String(networkS)}`,
  ];
  return `SET SESSION ${settings.join(', ')}`;
}

interface RawConnection {
  query(sql: string, done: (error: Error | null) => void): void;
  stream: Socket;
  on(event: 'error', listener: () => void): unknown;
  removeAllListeners(): unknown;
  destroy(): void;
}

/**
 * Opens a pool on one database. It connects at the first query. Sessions use READ COMMITTED: under
 * REPEATABLE READ a plain read before the barrier would fix a snapshot in which a compensation sees
 * the action's row but not its effect.
 */
export function openDatabase(settings: DatabaseSettings): Knex {
  const url = new URL(settings.url);
  const session = sessionSettings(settings);
  let connections = 0;
  return knex({
    client: 'mysql2',
    connection: {
      host: url.hostname,
      port: Number(url.port || 3306),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: url.pathname.slice(1),
      charset: 'utf8mb4',
      timezone: 'Z',
      supportBigNumbers: true,
      stringifyObjects: true,
      connectTimeout: connectMsMax,
    },
    pool: {
      min: 0,
      max: settings.poolMax,
      idleTimeoutMillis: poolIdleMsMax,
      afterCreate: (
        connection: RawConnection,
        done: (e: Error | null, c: RawConnection) => void,
      ) => {
        connections += 1;
        if (settings.oneConnection === true && connections > 1) {
          connection.destroy();
          done(new Error('The connection is closed, and only one is allowed'), connection);
          return;
        }
        breakOffWhenSilent(connection.stream, settings.silentMsMax);
        bearErrorsToTheEnd(connection);
        connection.query(session, (error) => {
          // The pool drops the connection without closing it.
          if (error) connection.destroy();
          done(error, connection);
        });
      },
    },
    acquireConnectionTimeout: acquireMsMax,
    // Knex also throws what it would write to the console; the code that catches it decides what to
    // log.
    log: { warn: ignore, error: ignore },
  });
}

/**
 * Knex removes all listeners from a connection that it closes. A later network error, for example
 * from a server that does not answer, would then end this process.
 */
function bearErrorsToTheEnd(connection: RawConnection): void {
  const removeAll = connection.removeAllListeners.bind(connection);
  connection.removeAllListeners = () => {
    removeAll();
    return connection.on('error', ignore);
  };
}

/** A value below `poolIdleMsMax` would close connections that are only idle. */
function breakOffWhenSilent(stream: Socket, ms: number | undefined): void {
  if (ms === undefined) return;
  stream.setTimeout(ms, () => {
    const error = new Error(`The database has not answered for ${String(ms)} ms`);
    stream.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });
}

const ignore = () => undefined;
