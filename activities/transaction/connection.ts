import type { Socket } from 'node:net';
import knex, { type Knex } from 'knex';

/** How a process reaches its database. */
export interface DatabaseSettings {
  /** `mysql://user:password@host:port/database` */
  url: string;
  /** At least as many as transactions at once, or steps would wait for a connection in silence. */
  poolMax: number;
  /** Whole seconds; below every activity's timeout, so that a step answers before it is given up. */
  lockWaitSMax?: number;
  /**
   * A connection on which nothing has come for so long is broken off, and its outcome is unknown:
   * a network that swallows everything would otherwise hold a step for hours. For those whose
   * statements are short; without it none is broken off.
   */
  silentMsMax?: number;
  /**
   * The first connection is also the last: when it is lost, what would follow fails. For an XA
   * branch, whose next statement would otherwise be committed by itself on another connection.
   */
  oneConnection?: boolean;
}

const defaultLockWaitS = 3;
/** A frozen or cut-off connection would otherwise hold its locks for MySQL's default of 8 hours. */
const sessionIdleSMax = 15;
/** Above a lock wait and everything else that a step's or the API's statement may wait for. */
export const silentMsMax = 10_000;
/** Below `sessionIdleSMax`, so that the pool lets go of a connection before the server does. */
const poolIdleMsMax = 8_000;
const connectMsMax = 3_000;
const acquireMsMax = 5_000;

interface RawConnection {
  query(sql: string, done: (error: Error | null) => void): void;
  stream: Socket;
  destroy(): void;
}

/**
 * Opens a pool on one database; nothing is connected before the first query. Sessions are READ
 * COMMITTED: under REPEATABLE READ a plain read before the barrier would fix a snapshot in which
 * a compensation sees the action's row and not its effect.
 */
export function openDatabase(settings: DatabaseSettings): Knex {
  const url = new URL(settings.url);
  const session =
    `SET SESSION transaction_isolation = 'READ-COMMITTED', time_zone = '+00:00', ` +
    `innodb_lock_wait_timeout = ${String(settings.lockWaitSMax ?? defaultLockWaitS)}, ` +
    `wait_timeout = ${String(sessionIdleSMax)}`;
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
        connection.query(session, (error) => {
          done(error, connection);
        });
      },
    },
    acquireConnectionTimeout: acquireMsMax,
    // Knex would write to the console what it also throws; who catches it decides what is logged.
    log: { warn: ignore, error: ignore },
  });
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
