import { randomBytes } from 'node:crypto';
import { byService, type Service, services } from '../../contracts/participants';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { listenable } from '../../tools/measure/statements';
import { databaseUsers } from '../../migrations/grants';
import { prepareDatabase } from '../../migrations/prepare';
import { endProcess } from '../../tools/stack/bound-process';
import {
  initialiseMysql,
  mysqlAdmin,
  mysqlAnswers,
  mysqlCommand,
  mysqlHost,
} from '../../tools/stack/mysql';
import { ensureMysql } from '../../tools/stack/mysql-install';
import { startServer } from '../../tools/stack/server';
import { readSettings } from '../../tools/stack/settings';

/** A MySQL server that nobody else uses, so that its counters count one test's statements. */
export interface OwnServer {
  admin: Knex;
  /** Opened as `root` unless another user is named, on one of the databases. */
  open(service: Service, user?: string): Knex;
  stop(): Promise<void>;
}

const userPassword = 'for-tests-only';

export const databaseNames = byService((service) => `${service}_service`);

/** Starts the server as the comparison does, with the services' databases; about two seconds. */
export async function startOwnServer(): Promise<OwnServer> {
  const settings = readSettings();
  const folder = await mkdtemp(join(tmpdir(), 'order-compare-test-'));
  const options = {
    program: await ensureMysql(settings, () => undefined),
    folder: join(folder, 'mysql'),
    port: await getPort(),
    password: randomBytes(16).toString('hex'),
    durable: false,
    bufferPoolMb: 64,
    connectionsMax: 100,
    acceptQueueMax: 100,
    env: settings.basicEnvironment,
    ...listenable,
  };
  await initialiseMysql(options, settings.cacheFolder);
  const pid = await startServer({
    name: 'MySQL',
    command: mysqlCommand(options),
    logFile: join(folder, 'mysql.log'),
    answers: () => mysqlAnswers(options.port, options.password),
    msMax: 60_000,
  });
  const pools: Knex[] = [];
  const openAs = (database: string, user: string) => {
    const password = user === mysqlAdmin ? options.password : userPassword;
    const url = `mysql://${user}:${password}@${mysqlHost}:${String(options.port)}/${database}`;
    const pool = openDatabase({ url, poolMax: 4, lockWaitSMax: 10 });
    pools.push(pool);
    return pool;
  };
  const admin = openAs('', mysqlAdmin);
  const passwords = Object.fromEntries(databaseUsers.map(({ user }) => [user, userPassword]));
  for (const service of services) {
    const database = databaseNames[service];
    const schema = openAs(database, mysqlAdmin);
    await prepareDatabase({ admin, schema, service, database, passwords });
  }
  // All that a pattern does, in one user whom the comparison listens to.
  await admin.raw(`CREATE USER worker@'%' IDENTIFIED BY ?`, [userPassword]);
  await admin.raw(`GRANT ALL ON *.* TO worker@'%'`);
  return {
    admin,
    open: (service, user = mysqlAdmin) => openAs(databaseNames[service], user),
    async stop() {
      await Promise.all(pools.map((pool) => pool.destroy()));
      await endProcess(pid, 0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One connection's statements, one after the other; knex would choose a connection for each. */
export async function onConnection<T>(
  knex: Knex,
  work: (run: (sql: string) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const client = knex.client as {
    acquireConnection(): Promise<unknown>;
    releaseConnection(connection: unknown): Promise<void>;
  };
  const connection = await client.acquireConnection();
  try {
    return await work(async (sql) => {
      await knex.raw(sql).connection(connection);
    });
  } finally {
    await client.releaseConnection(connection);
  }
}
