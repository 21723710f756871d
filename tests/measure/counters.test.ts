import type { Knex } from 'knex';
import { counted, enableCounters, idlePerSecond, readCounters } from '../../tools/measure/counters';
import { onConnection, startOwnServer, type OwnServer } from './server';

/** The counters against a known number of transactions. */

let server: OwnServer;
let worker: Knex;

beforeAll(async () => {
  server = await startOwnServer();
  await enableCounters(server.admin);
  worker = server.open('point', 'worker');
  await worker('point_accounts').insert([account('anna'), account('bert'), account('carl')]);
});
afterAll(() => server.stop());

function account(customer_id: string) {
  return { customer_id, available: 100, opening: 100 };
}

async function during(work: (run: (sql: string) => Promise<unknown>) => Promise<void>) {
  const before = await readCounters(server.admin);
  await onConnection(worker, work);
  const { transactions, rowsWritten } = counted(before, await readCounters(server.admin));
  return { transactions, rowsWritten };
}

const take = (customer: string) =>
  `UPDATE point_accounts SET available = available - 1 WHERE customer_id = '${customer}'`;

test('counts a transaction once, however many statements and rows it has', async () => {
  const usage = await during(async (run) => {
    await run('BEGIN');
    await run(take('anna'));
    await run(`UPDATE point_accounts SET reserved = reserved + 1`);
    await run(
      `INSERT INTO steps (order_id, step, hash) VALUES ('o-1', 's', 'h'), ('o-2', 's', 'h')`,
    );
    await run('COMMIT');
  });
  expect(usage).toEqual({ transactions: 1, rowsWritten: 1 + 3 + 2 });
});

test('counts a single statement as a transaction, and a delete as a write', async () => {
  const usage = await during(async (run) => {
    await run(take('anna'));
    await run(take('bert'));
    await run(`DELETE FROM steps`);
  });
  expect(usage).toEqual({ transactions: 3, rowsWritten: 1 + 1 + 2 });
});

test('counts no reads, unless they lock', async () => {
  const usage = await during(async (run) => {
    await run('SELECT * FROM point_accounts');
    await run('BEGIN');
    await run('SELECT * FROM point_accounts');
    await run('COMMIT');
    await run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    await run('SELECT * FROM point_accounts');
    await run('COMMIT');
  });
  expect(usage).toEqual({ transactions: 0, rowsWritten: 0 });
  const locking = await during(async (run) => {
    await run('BEGIN');
    await run('SELECT * FROM point_accounts FOR UPDATE');
    await run('COMMIT');
  });
  expect(locking).toEqual({ transactions: 1, rowsWritten: 0 });
});

test('counts the rows of a rolled-back transaction, but not the transaction', async () => {
  const usage = await during(async (run) => {
    await run('BEGIN');
    await run(take('anna'));
    await run('ROLLBACK');
  });
  expect(usage).toEqual({ transactions: 0, rowsWritten: 1 });
  const empty = await during(async (run) => {
    await run('BEGIN');
    await run('SELECT * FROM point_accounts');
    await run('ROLLBACK');
  });
  expect(empty).toEqual({ transactions: 0, rowsWritten: 0 });
});

test('counts a transaction of which a part was undone', async () => {
  const usage = await during(async (run) => {
    await run('BEGIN');
    await run('SAVEPOINT s');
    await run(take('anna'));
    await run('ROLLBACK TO SAVEPOINT s');
    await run(take('bert'));
    await run('COMMIT');
  });
  expect(usage).toEqual({ transactions: 1, rowsWritten: 2 });
});

test('counts a committed XA branch as one transaction, and a rolled-back one as none', async () => {
  const branch = (xid: string, ends: string) =>
    during(async (run) => {
      await run(`XA START ${xid}`);
      await run(take('anna'));
      await run(`XA END ${xid}`);
      await run(`XA PREPARE ${xid}`);
      await run(`${ends} ${xid}`);
    });
  expect(await branch(`'g1','b',1`, 'XA COMMIT')).toEqual({ transactions: 1, rowsWritten: 1 });
  expect(await branch(`'g2','b',1`, 'XA ROLLBACK')).toEqual({ transactions: 0, rowsWritten: 1 });
});

test('subtracts what the idle system does, and never falls below zero', () => {
  const before = { transactions: 10, rowsWritten: 10, logFsyncs: 10 };
  const after = { transactions: 30, rowsWritten: 12, logFsyncs: 10 };
  const perSecond = { transactions: 2, rowsWritten: 1, logFsyncs: 1 };
  expect(counted(before, after, { perSecond, seconds: 5 })).toEqual({
    transactions: 10,
    rowsWritten: 0,
    logFsyncs: 0,
  });
});

test('measures an idle system by what it does in a second', async () => {
  const idle = await idlePerSecond(server.admin, 2, async () => {
    for (let i = 0; i < 4; i += 1) await worker.raw(take('carl'));
  });
  expect(idle.transactions).toBe(2);
});
