import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { byService, services, type Service } from '../../contracts/participants';
import { databaseUsers } from '../../migrations/grants';
import { prepareDatabase } from '../../migrations/prepare';
import { listenable } from '../../tools/measure/statements';
import { mysqlAdmin } from '../../tools/stack/mysql';
import { startOwnMysql } from '../support/own-mysql';

/** A test's own MySQL server, so that its counters count only that test's statements. */
export interface OwnServer {
  admin: Knex;
  /** Opened on one of the databases, by default as `root`. */
  open(service: Service, user?: string): Knex;
  stop(): Promise<void>;
}

const userPassword = 'for-tests-only';

export const databaseNames = byService((service) => `${service}_service`);

/** Starts the server as the comparison does, with the services' databases; about two seconds. */
export async function startOwnServer(): Promise<OwnServer> {
  const mysql = await startOwnMysql({
    ...listenable,
    // The server would write its statistics anew, which counts as a transaction.
    moreArgs: [...listenable.moreArgs, '--innodb-stats-auto-recalc=OFF'],
  });
  const pools: Knex[] = [];
  const openAs = (database: string, user: string) => {
    const password = user === mysqlAdmin ? mysql.password : userPassword;
    const url = `mysql://${user}:${password}@${mysql.host}:${String(mysql.port)}/${database}`;
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
  // One user for all statements of a pattern, which the comparison records.
  await admin.raw(`CREATE USER worker@'%' IDENTIFIED BY ?`, [userPassword]);
  await admin.raw(`GRANT ALL ON *.* TO worker@'%'`);
  return {
    admin,
    open: (service, user = mysqlAdmin) => openAs(databaseNames[service], user),
    async stop() {
      await Promise.all(pools.map((pool) => pool.destroy()));
      await mysql.stop();
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
