import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { createConnection, type Connection } from 'mysql2/promise';
import * as faults from '../../tools/chaos/server-faults';
import { goneWithin } from '../../tools/stack/bound-process';
import { initialiseMysql, mysqlAdmin, mysqlAnswers } from '../../tools/stack/mysql';
import { mysqlCommand, mysqlHost, type MysqlOptions } from '../../tools/stack/mysql';
import { ensureMysql } from '../../tools/stack/mysql-install';
import { startServer } from '../support/server-process';
import { readSettings } from '../../tools/stack/settings';
import type { DatabaseAccess } from '../../tools/stack/state';

/** Faults of a whole server, on a server that only this test uses. */

const folder = mkdtempSync(join(tmpdir(), 'order-server-faults-'));
const settings = readSettings();
const running = new AbortController().signal;
const password = 'for-tests-only';
let options: MysqlOptions;
let pid: number;
let database: DatabaseAccess;
let worker: Connection;

beforeAll(async () => {
  options = {
    program: await ensureMysql(settings, () => undefined),
    folder: join(folder, 'mysql'),
    port: await getPort(),
    password,
    durable: false,
    bufferPoolMb: 32,
    performanceSchema: false,
    connectionsMax: 20,
    acceptQueueMax: 20,
    env: settings.basicEnvironment,
  };
  await initialiseMysql(options, settings.cacheFolder);
  pid = await startServer({
    name: 'MySQL',
    command: mysqlCommand(options),
    logFile: join(folder, 'mysql.log'),
    answers: () => mysqlAnswers(options.port, password),
    msMax: 60_000,
  });
  const access = { host: mysqlHost, port: options.port, database: 'shop' };
  const admin = { adminUser: mysqlAdmin, adminPassword: password };
  database = { ...access, ...admin, adminUrl: '', auditorUrl: '' };
  worker = await createConnection({
    host: mysqlHost,
    port: options.port,
    user: mysqlAdmin,
    password,
  });
  await worker.query('CREATE DATABASE shop');
  await worker.query('CREATE USER app IDENTIFIED BY "app"');
  await worker.query('GRANT ALL ON shop.* TO app');
  await worker.query(
    'CREATE TABLE shop.orders (order_id VARCHAR(9) PRIMARY KEY, status VARCHAR(9) NOT NULL)',
  );
  await worker.query("INSERT INTO shop.orders VALUES ('o-1', 'PLACING'), ('o-2', 'COMPLETED')");
  await worker.changeUser({ user: 'app', password: 'app', database: 'shop' });
  await worker.query('SET SESSION innodb_lock_wait_timeout = 1');
}, 90_000);

afterAll(async () => {
  worker.destroy();
  process.kill(pid, 'SIGKILL');
  await goneWithin(pid, 10_000);
  rmSync(folder, { recursive: true, force: true });
});

type Fault = (fault: faults.ServerFault) => Promise<void>;

/** Fires a fault while this runs, and returns what it reported. */
async function meet(fault: Fault, work: () => Promise<unknown>, forMs = 500): Promise<string[]> {
  const met: string[] = [];
  const end = { isOver: false };
  const over = fault({ database, forMs, signal: running, met: (what) => met.push(what) });
  void over.catch(() => undefined).finally(() => (end.isOver = true));
  for (let i = 0; i < 200 && !end.isOver; i += 1) {
    await work();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await over;
  return met;
}

const write = () =>
  worker.query("UPDATE orders SET status = 'PLACING' WHERE order_id = 'o-1'").then(
    () => undefined,
    (error: unknown) => (error as { errno?: number }).errno,
  );

test('reports a global read lock once a session waits for it, then releases it', async () => {
  const met = await meet(faults.lockAllTables, write);
  expect(met).toEqual([expect.stringMatching(/^\d+ sessions wait for the global read lock$/)]);
  expect(await write()).toBeUndefined();
});

test('reports a read-only server once it has refused a write, then allows writes', async () => {
  const errors = new Set<number | undefined>();
  const met = await meet(faults.makeReadOnly, async () => {
    await worker.beginTransaction();
    errors.add(await write());
    await worker.rollback();
  });
  expect(met).toEqual([expect.stringMatching(/^\d+ transactions were refused/)]);
  expect(errors).toContain(1290);
  expect(await write()).toBeUndefined();
});

test('reports held orders once a transaction waits for them, then releases them', async () => {
  const errors = new Set<number | undefined>();
  const met = await meet(faults.holdOrders, async () => errors.add(await write()), 1_500);
  expect(met).toEqual(['1 orders held; 1 transactions wait for rows']);
  expect(errors).toContain(1205);
  expect(await write()).toBeUndefined();
});

test.each([
  ['a global read lock', faults.lockAllTables],
  ['a read-only server', faults.makeReadOnly],
  ['held orders', faults.holdOrders],
] as const)('%s that nobody meets is told to nobody, and ends with the run', async (_, fault) => {
  const stop = new AbortController();
  const met: string[] = [];
  const over = fault({ database, forMs: 0, signal: stop.signal, met: (what) => met.push(what) });
  await new Promise((resolve) => setTimeout(resolve, 500));
  stop.abort();
  await over;
  expect(met).toEqual([]);
  expect(await write()).toBeUndefined();
});
