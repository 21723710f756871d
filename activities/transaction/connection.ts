import type { Socket } from 'node:net';
import knex, { type Knex } from 'knex';

/** How a process reaches its database. */
export interface DatabaseSettings {
  /** `mysql://user:password@host:port/database` */
  url: string;
  /** At least as many as transactions at once, or steps would wait for a connection in silence. */
  poolMax: number;
  /** For a row, in whole seconds; see `sessionLimits`. */
  lockWaitSMax?: number;
  /**
   * A connection on which nothing has come for so long is broken off, and its outcome is unknown:
   * a network that swallows everything would otherwise hold a step for hours. For those whose
   * statements are short; without it none is broken off.
   */
  silentMsMax?: number;
  /** What its statements are given, where that is less: the server gives up before. */
  clientMsMax?: number;
  /**
   * The first connection is also the last: when it is lost, what would follow fails. For an XA
   * branch, whose next statement would otherwise be committed by itself on another connection.
   */
  oneConnection?: boolean;
}

const defaultLockWaitS = 3;
/** A frozen or cut-off connection would otherwise hold its locks for MySQL's default of 8 hours. */
const sessionIdleSMax = 15;
/** Below `sessionIdleSMax`, so that the pool lets go of a connection before the server does. */
const poolIdleMsMax = 8_000;
const connectMsMax = 3_000;
const acquireMsMax = 5_000;

/** Above all that a step's statement may wait for at the server: see `sessionLimits`. */
export const silentMsMax = 10_000;
/** What the API gives a statement: its caller waits. A query builder's `timeout` is to be this. */
export const queryMsMax = 5_000;

/** How long a session may wait at the server, and work. */
interface SessionLimits {
  /** For a row. */
  lockWaitS: number;
  /** For a table that is being altered, or a server under a global read lock, COMMIT included. */
  tableWaitS: number;
  /** All that a read may take, waits included. */
  executionMs: number;
}

/**
 * The server's limits, made of the client's patience, each below the next:
 *
 *     a row + a table < a read's execution < the client
 *
 * A server that waits does not see that its client has gone: a session that could wait for longer
 * than its client would stay behind, and each further try would add another. Nothing has to be
 * killed, and no session needs the privilege to.
 */
export function sessionLimits(clientMsMax: number, lockWaitSMax: number): SessionLimits {
  /** MySQL takes these two in whole seconds; one is left for the answer. */
  const bothS = Math.floor(clientMsMax / 1_000) - 1;
  const lockWaitS = Math.max(1, Math.min(lockWaitSMax, Math.floor(bothS / 2)));
  const tableWaitS = Math.max(1, bothS - lockWaitS);
  return { lockWaitS, tableWaitS, executionMs: clientMsMax - 500 };
}

/** What a session is told first. A client that breaks nothing off, as the auditor, may read long. */
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
 * Opens a pool on one database; nothing is connected before the first query. Sessions are READ
 * COMMITTED: under REPEATABLE READ a plain read before the barrier would fix a snapshot in which
 * a compensation sees the action's row and not its effect.
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
          done(new Error('The connection is closed, and there is no second'), connection);
          return;
        }
        breakOffWhenSilent(connection.stream, settings.silentMsMax);
        bearErrorsToTheEnd(connection);
        connection.query(session, (error) => {
          // The pool forgets it without closing it.
          if (error) connection.destroy();
          done(error, connection);
        });
      },
    },
    acquireConnectionTimeout: acquireMsMax,
    // Knex would write to the console what it also throws; who catches it decides what is logged.
    log: { warn: ignore, error: ignore },
  });
}

/**
 * Knex takes all listeners off a connection that it closes. What the network says afterwards, as
 * of a server that does not answer the goodbye, would then end this process.
 */
function bearErrorsToTheEnd(connection: RawConnection): void {
  const removeAll = connection.removeAllListeners.bind(connection);
  connection.removeAllListeners = () => {
    removeAll();
    return connection.on('error', ignore);
  };
}

/** Below `poolIdleMsMax` it would end connections that are only idle. */
function breakOffWhenSilent(stream: Socket, ms: number | undefined): void {
  if (ms === undefined) return;
  stream.setTimeout(ms, () => {
    const error = new Error(`The database has not answered for ${String(ms)} ms`);
    stream.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });
}

const ignore = () => undefined;
