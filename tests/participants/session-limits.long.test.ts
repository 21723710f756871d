import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { openDatabase, sessionLimits } from '../../activities/database/connection';
import { classify } from '../../activities/database/errors';
import { startOwnMysql, type OwnMysql } from '../support/own-mysql';

/**
 * No session outlives its client: clients query a stalled server repeatedly, and it has no more
 * sessions than the pool has connections. `npm run faults` shows the same for minutes.
 */

const poolMax = 4;
/** A client's wait: short, so that several waits fit into the test. */
const clientMsMax = 3_000;
const faultMs = 8_000;
const acceptQueueMax = 20;

let server: OwnMysql;
let admin: Knex;
let pool: Knex;
let reads: Knex;

beforeAll(async () => {
  server = await startOwnMysql({ acceptQueueMax });
  const { host, port, user, password } = server;
  const at = (name: string, secret: string, database: string) =>
    `mysql://${name}:${secret}@${host}:${port}/${database}`;
  admin = openDatabase({ url: at(user, password, ''), poolMax: 3 });
  await admin.raw('CREATE DATABASE fruit');
  await admin.raw('CREATE TABLE fruit.basket (id INT PRIMARY KEY, pieces INT NOT NULL)');
  await admin.raw('INSERT INTO fruit.basket VALUES (1, 10), (2, 10), (3, 10), (4, 10), (5, 10)');
  await admin.raw(`CREATE USER worker IDENTIFIED BY 'x'`);
  await admin.raw(`GRANT SELECT, INSERT, UPDATE ON fruit.* TO worker`);
  const url = at('worker', 'x', 'fruit');
  pool = openDatabase({ url, poolMax, silentMsMax: clientMsMax, lockWaitSMax: 1 });
  reads = openDatabase({ url, poolMax: 1, silentMsMax: clientMsMax });
}, 90_000);

afterAll(async () => {
  await Promise.all([pool.destroy(), reads.destroy(), admin.destroy()]);
  await server.stop();
});

/** The number of the server's sessions that are ours. */
async function sessions(): Promise<number> {
  const [rows] = (await admin.raw(
    `SELECT COUNT(*) AS count FROM information_schema.processlist WHERE user = 'worker'`,
  )) as [{ count: number }[]];
  return rows[0]?.count ?? 0;
}

interface Watched {
  /** The server's maximum of concurrent sessions. */
  most: number;
  failed: unknown[];
}

/** Queries on every connection of the pool, for as long as the fault lasts. */
async function askUnder(
  fault: () => Promise<() => Promise<void>>,
  ask: (n: number) => Promise<unknown>,
) {
  const watched: Watched = { most: 0, failed: [] };
  const end = await fault();
  const until = Date.now() + faultMs;
  const callers = Array.from({ length: poolMax }, async (_, n) => {
    while (Date.now() < until) await ask(n).catch((error: unknown) => watched.failed.push(error));
  });
  const watcher = (async () => {
    while (Date.now() < until) {
      watched.most = Math.max(watched.most, await sessions());
      await sleep(100);
    }
  })();
  try {
    await Promise.all([...callers, watcher]);
    // Counted before the fault ends, while waiting sessions have no client.
    return { ...watched, left: await sessions() };
  } finally {
    await end();
  }
}

async function globalReadLock() {
  const holder = await held('FLUSH TABLES WITH READ LOCK');
  return () => holder('UNLOCK TABLES');
}

async function tableLock() {
  const holder = await held('LOCK TABLES fruit.basket WRITE');
  return () => holder('UNLOCK TABLES');
}

/** A statement on its own connection, which stays open. */
async function held(sql: string): Promise<(sql: string) => Promise<void>> {
  const client = admin.client as {
    acquireConnection(): Promise<unknown>;
    releaseConnection(connection: unknown): Promise<void>;
  };
  const connection = await client.acquireConnection();
  await admin.raw(sql).connection(connection);
  return async (last) => {
    await admin.raw(last).connection(connection);
    await client.releaseConnection(connection);
  };
}

const take = (n: number) =>
  pool.transaction((trx) => trx.raw('UPDATE basket SET pieces = pieces - 1 WHERE id = ?', [n + 1]));

it('derives each limit from the next, the client’s own last', () => {
  for (const clientMs of [3_000, 5_000, 10_000]) {
    const { lockWaitS, tableWaitS, executionMs } = sessionLimits(clientMs, 3);
    expect(lockWaitS).toBeGreaterThanOrEqual(1);
    expect(tableWaitS).toBeGreaterThanOrEqual(1);
    expect((lockWaitS + tableWaitS) * 1_000).toBeLessThan(executionMs);
    expect(executionMs).toBeLessThan(clientMs);
  }
});

it('has no more sessions than connections under a global read lock, and reads continue', async () => {
  let answered = 0;
  const { most, left, failed } = await askUnder(globalReadLock, async (n) => {
    expect(await reads('basket').where('id', 5).first('pieces')).toEqual({ pieces: 10 });
    answered += 1;
    await take(n);
  });
  expect(failed.length).toBeGreaterThan(poolMax);
  expect(answered).toBe(failed.length);
  // One session is that of the reads.
  expect(most).toBeLessThanOrEqual(poolMax + 1);
  expect(left).toBeLessThanOrEqual(poolMax + 1);
  expect(new Set(failed.map(classify))).toEqual(new Set(['lock-timeout']));
}, 30_000);

it('has no more sessions than connections under a lock of the table', async () => {
  const ask = (n: number) => (n % 2 === 0 ? take(n) : pool('basket').where('id', n).first());
  const { most, failed } = await askUnder(tableLock, async (n) => ask(n));
  expect(failed.length).toBeGreaterThan(poolMax);
  expect(most).toBeLessThanOrEqual(poolMax + 1);
  expect(new Set(failed.map(classify))).toEqual(new Set(['lock-timeout']));
}, 30_000);

it('has no more sessions than connections after a frozen server wakes', async () => {
  process.kill(server.pid, 'SIGSTOP');
  const failed: unknown[] = [];
  const until = Date.now() + faultMs;
  const callers = Array.from({ length: poolMax }, async (_, n) => {
    while (Date.now() < until) await take(n).catch((error: unknown) => failed.push(error));
  });
  await Promise.all(callers).finally(() => process.kill(server.pid, 'SIGCONT'));
  expect(failed.length).toBeGreaterThan(poolMax);
  let most = 0;
  for (let look = 0; look < 20; look += 1) {
    most = Math.max(most, await sessions());
    await sleep(20);
  }
  expect(most).toBeLessThanOrEqual(poolMax + 1);
}, 40_000);

it('accepts no more connections of clients that have gone than its queue holds', async () => {
  const refused = async () => {
    const [[row]] = (await admin.raw("SHOW GLOBAL STATUS LIKE 'Aborted_connects'")) as [
      { Value: string }[],
    ];
    return Number(row?.Value);
  };
  const before = await refused();
  process.kill(server.pid, 'SIGSTOP');
  const { host, port } = server;
  const gone = Array.from({ length: 4 * acceptQueueMax }, () => connect({ host, port }));
  for (const socket of gone) socket.on('error', () => undefined);
  await sleep(500);
  for (const socket of gone) socket.destroy();
  process.kill(server.pid, 'SIGCONT');
  await sleep(1_000);
  const taken = (await refused()) - before;
  expect(taken).toBeGreaterThan(0);
  // The kernel's queue holds one more than its setting.
  expect(taken).toBeLessThanOrEqual(acceptQueueMax + 1);
}, 30_000);

it('survives a server that freezes while a connection is closed', async () => {
  const { host, port } = server;
  const url = `mysql://worker:x@${host}:${port}/fruit`;
  const idle = openDatabase({ url, poolMax: 1, silentMsMax: 1_000 });
  await idle.raw('SELECT 1');
  const stray: unknown[] = [];
  const note = (error: unknown) => stray.push(error);
  process.on('uncaughtException', note);
  process.kill(server.pid, 'SIGSTOP');
  try {
    // Like the pool with an idle connection: it sends its end, and gets no answer.
    await idle.destroy();
    await sleep(2_000);
  } finally {
    process.kill(server.pid, 'SIGCONT');
    process.off('uncaughtException', note);
  }
  expect(stray).toEqual([]);
}, 30_000);

it('undoes a transaction whose COMMIT a global read lock refuses, and reuses its connection', async () => {
  const pieces = async (id: number) =>
    (await admin('fruit.basket').where({ id }).first<{ pieces: number }>('pieces')).pieces;
  const before = await pieces(1);
  let unlock: (() => Promise<void>) | undefined;
  const refused = pool.transaction(async (trx) => {
    await trx.raw('UPDATE basket SET pieces = pieces - 1 WHERE id = 1');
    unlock = await globalReadLock();
  });
  const error: unknown = await refused.catch((reason: unknown) => reason);
  await unlock?.();
  expect(error).toMatchObject({ errno: 1205 });
  // Uses each connection of the pool in turn.
  const added = Array.from({ length: poolMax }, (_, n) =>
    pool.raw('INSERT INTO basket VALUES (?, 1)', [100 + n]),
  );
  await Promise.all(added);
  expect(await admin('fruit.basket').where('id', '>=', 100).count({ rows: '*' })).toEqual([
    { rows: poolMax },
  ]);
  expect(await pieces(1)).toBe(before);
}, 30_000);

it('closes the connection whose session could not be set up', async () => {
  const { host, port } = server;
  const url = `mysql://worker:x@${host}:${port}/fruit`;
  const before = await sessions();
  const broken = openDatabase({ url, poolMax: 2, lockWaitSMax: NaN });
  await expect(broken.raw('SELECT 1')).rejects.toThrow(/innodb_lock_wait_timeout/);
  await broken.destroy();
  await sleep(100);
  expect(await sessions()).toBe(before);
}, 30_000);
