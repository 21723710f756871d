import { createParticipantActivities } from '../../activities/participant/activities';
import { product } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { classify, describeError, type ErrorClass } from '../../activities/database/errors';
import { runTransaction } from '../../activities/database/transaction';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { mysqlServer } from '../support/servers';

/** Produces each row of the error table that this server can produce. */

let databases: TestDatabases;
let admin: Knex;
let limited: Knex;
const { host, port } = mysqlServer();

beforeAll(async () => {
  databases = await createTestDatabases();
  admin = databases.product;
  for (const sql of [
    `CREATE TABLE parent (id INT PRIMARY KEY)`,
    `CREATE TABLE scratch (
       id INT PRIMARY KEY, tiny TINYINT UNSIGNED NOT NULL, word VARCHAR(3) CHARACTER SET ascii,
       parent INT REFERENCES parent (id), FOREIGN KEY (parent) REFERENCES parent (id),
       CHECK (tiny < 200))`,
    `INSERT INTO parent VALUES (1)`,
    `INSERT INTO scratch VALUES (1, 1, 'one', 1), (2, 2, 'two', NULL)`,
  ]) {
    await admin.raw(sql);
  }
  const user = `limited_${databases.names.product}`.slice(0, 32);
  await admin.raw(`CREATE USER ?@'%' IDENTIFIED BY 'x' WITH MAX_USER_CONNECTIONS 1`, [user]);
  limited = openDatabase({ url: `mysql://${user}:x@${host}:${port}/`, poolMax: 2 });
});

afterAll(async () => {
  await limited.destroy();
  await databases.drop();
});

async function thrownBy(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}

const other = (url: string) => openDatabase({ url, poolMax: 1 });
const at = (user: string, password: string, database: string, thePort = port) =>
  `mysql://${user}:${password}@${host}:${thePort}/${database}`;

async function query(url: string): Promise<unknown> {
  const knex = other(url);
  try {
    return await knex.raw('SELECT 1');
  } finally {
    await knex.destroy();
  }
}

describe.each<[number | string | undefined, ErrorClass, () => Promise<unknown>]>([
  [1205, 'lock-timeout', () => lockWait('FOR UPDATE')],
  [3572, 'lock-timeout', () => lockWait('FOR UPDATE NOWAIT')],
  [1213, 'transaction-lost', () => deadlock()],
  [1317, 'transaction-lost', () => killed('QUERY')],
  ['PROTOCOL_CONNECTION_LOST', 'outcome-unknown', () => killedAlone()],
  // In a transaction knex meets the dead connection a second time, with an error without a code.
  [undefined, 'outcome-unknown', () => killed('CONNECTION')],
  [1644, 'unknown', () => admin.raw(`SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'UPDATE scratch'`)],
  ['ECONNREFUSED', 'unreachable', () => query(at('x', 'x', '', 1))],
  [1226, 'unreachable', () => Promise.all([sleeping(limited), sleeping(limited)])],
  [1290, 'server-unfit', () => admin.raw(`SELECT 1 INTO OUTFILE '/nowhere/at-all'`)],
  [1114, 'server-unfit', () => fullTable()],
  [1062, 'duplicate-key', () => admin.raw(`INSERT INTO scratch VALUES (1, 1, 'one', 1)`)],
  [3819, 'guard-violated', () => admin.raw('UPDATE scratch SET tiny = 250')],
  [1690, 'guard-violated', () => admin.raw('UPDATE scratch SET tiny = tiny - 5 - tiny * 2')],
  [1264, 'guard-violated', () => admin.raw('UPDATE scratch SET tiny = 300')],
  [1406, 'invalid-data', () => admin.raw(`UPDATE scratch SET word = 'long'`)],
  [1366, 'invalid-data', () => admin.raw(`UPDATE scratch SET tiny = 'word'`)],
  [1364, 'invalid-data', () => admin.raw(`INSERT INTO scratch (id) VALUES (9)`)],
  [1048, 'invalid-data', () => admin.raw('INSERT INTO scratch (id, tiny) VALUES (9, NULL)')],
  [1451, 'invalid-data', () => admin.raw('DELETE FROM parent')],
  [1452, 'invalid-data', () => admin.raw('UPDATE scratch SET parent = 7')],
  [1064, 'deployment-fault', () => admin.raw('SELEKT 1')],
  [1054, 'deployment-fault', () => admin.raw('SELECT nothing_of_the_kind FROM scratch')],
  [1146, 'deployment-fault', () => admin.raw('SELECT 1 FROM no_such_table')],
  [1049, 'deployment-fault', () => query(at('root', mysqlServer().password, 'no_such_database'))],
  [1045, 'deployment-fault', () => query(at('product_worker', 'wrong', ''))],
  [1044, 'deployment-fault', () => query(at('product_worker', 'for-tests-only', 'mysql'))],
  [1142, 'deployment-fault', () => asProductWorker('DELETE FROM stock_ledger')],
  [1143, 'deployment-fault', () => asProductWorker('UPDATE products SET price = 1')],
])('%s', (code, expected, provoke) => {
  it(`is ${expected}`, async () => {
    const error = await thrownBy(provoke);
    const { errno, code: name } = error as { errno?: number; code?: string };
    expect([errno, name]).toContain(code);
    expect(classify(error)).toBe(expected);
    // An operator's text never contains SQL or data.
    expect(describeError(error)).not.toMatch(/scratch|SELECT|UPDATE|INSERT/);
  });
});

async function asProductWorker(sql: string): Promise<void> {
  const knex = other(databases.url('product_worker', 'product'));
  try {
    await knex.raw(sql);
  } finally {
    await knex.destroy();
  }
}

async function sleeping(knex: Knex): Promise<void> {
  await knex.raw('SELECT SLEEP(0.3)');
}

async function lockWait(how: string): Promise<void> {
  const holder = await admin.transaction();
  try {
    await holder.raw('SELECT 1 FROM scratch WHERE id = 1 FOR UPDATE');
    await admin.transaction(async (trx) => {
      await trx.raw('SET SESSION innodb_lock_wait_timeout = 1');
      await trx.raw(`SELECT 1 FROM scratch WHERE id = 1 ${how}`);
    });
  } finally {
    await holder.rollback();
  }
}

async function deadlock(): Promise<void> {
  const cross = (first: number, second: number) =>
    admin.transaction(async (trx) => {
      await trx.raw('SELECT 1 FROM scratch WHERE id = ? FOR UPDATE', [first]);
      await trx.raw('SELECT SLEEP(0.2)');
      await trx.raw('SELECT 1 FROM scratch WHERE id = ? FOR UPDATE', [second]);
    });
  await Promise.all([cross(1, 2), cross(2, 1)]);
}

async function killed(what: 'QUERY' | 'CONNECTION'): Promise<void> {
  await admin.transaction(async (trx) => {
    const [rows] = (await trx.raw('SELECT CONNECTION_ID() AS id')) as [{ id: number }[]];
    // SLEEP returns 1 if it is interrupted; a locking read over many rows fails as it should.
    const long = trx.raw(
      `SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b,
       information_schema.columns c`,
    );
    const kill = admin
      .raw('SELECT SLEEP(0.2)')
      .then(() => admin.raw(`KILL ${what} ?`, [rows[0]?.id ?? 0]));
    await Promise.all([long, kill]);
  });
}

async function killedAlone(): Promise<void> {
  const knex = other(databases.url('product_worker', 'product'));
  try {
    const [rows] = (await knex.raw('SELECT CONNECTION_ID() AS id')) as [{ id: number }[]];
    const sleep = knex.raw('SELECT SLEEP(5)');
    const kill = admin
      .raw('SELECT SLEEP(0.2)')
      .then(() => admin.raw('KILL CONNECTION ?', [rows[0]?.id ?? 0]));
    await Promise.all([sleep, kill]);
  } finally {
    await knex.destroy();
  }
}

async function fullTable(): Promise<void> {
  await admin.transaction(async (trx) => {
    await trx.raw('SET SESSION max_heap_table_size = 16384');
    await trx.raw('CREATE TEMPORARY TABLE small (filler CHAR(200)) ENGINE = MEMORY');
    await trx.raw(
      `INSERT INTO small SELECT REPEAT('x', 200) FROM information_schema.columns LIMIT 1000`,
    );
  });
}

describe('the class of an error', () => {
  it('a transaction lost to a deadlock runs again', async () => {
    let runs = 0;
    const cross = (first: number, second: number) =>
      runTransaction(admin, async (trx) => {
        runs += 1;
        await trx.raw('SELECT 1 FROM scratch WHERE id = ? FOR UPDATE', [first]);
        await trx.raw('SELECT SLEEP(0.1)');
        await trx.raw('SELECT 1 FROM scratch WHERE id = ? FOR UPDATE', [second]);
      });
    await Promise.all([cross(1, 2), cross(2, 1)]);
    expect(runs).toBeGreaterThan(2);
  });

  it('a connection killed before its commit leads to a retry and one effect', async () => {
    await databases.stock({ apple: { available: 10 } });
    const knex = openDatabase({ url: databases.url('product_worker', 'product'), poolMax: 2 });
    const { deductStock } = createParticipantActivities(product, killingOnce(knex));
    const command = { orderId: 'o-1', lines: [{ productId: 'apple', quantity: 3 }] };
    expect(await deductStock([command])).toEqual([{ kind: 'done' }]);
    expect(kills).toBe(1);
    expect(await admin('products').pluck('available')).toEqual([7]);
    await knex.destroy();
  });

  it('one order’s bad data is found by halving, and its neighbours continue', async () => {
    await databases.stock({ apple: { available: 10 } });
    const knex = openDatabase({ url: databases.url('product_worker', 'product'), poolMax: 2 });
    const { deductStock } = createParticipantActivities(product, knex);
    const command = (orderId: string) => ({
      orderId,
      lines: [{ productId: 'apple', quantity: 1 }],
    });
    const tooLong = 'o-'.padEnd(65, 'x');
    const outcomes = await deductStock(['n-1', 'n-2', tooLong, 'n-3', 'n-4'].map(command));
    const done = { kind: 'done' };
    expect(outcomes).toEqual([
      done,
      done,
      { kind: 'broken', code: 'invalid-data', detail: 'order_id' },
      done,
      done,
    ]);
    await knex.destroy();
  });
});

let kills = 0;

/** Kills the first transaction's connection between its work and its commit. */
function killingOnce(knex: Knex): Knex {
  return new Proxy(knex, {
    get(target, property, receiver) {
      if (property !== 'transaction') return Reflect.get(target, property, receiver) as unknown;
      return <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
        target.transaction(async (trx) => {
          const result = await work(trx);
          if (kills === 0) {
            const [rows] = (await trx.raw('SELECT CONNECTION_ID() AS id')) as [{ id: number }[]];
            await admin.raw('KILL CONNECTION ?', [rows[0]?.id ?? 0]);
            kills += 1;
          }
          return result;
        });
    },
  });
}
