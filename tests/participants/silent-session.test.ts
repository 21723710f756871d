import type { Knex } from 'knex';
import { databaseFault } from '../../activities/order/intake';
import { openDatabase } from '../../activities/database/connection';
import { classify } from '../../activities/database/errors';
import { runTransaction } from '../../activities/database/transaction';
import { mysqlServer } from '../support/servers';

/** A process that stood still for longer than the server keeps a silent session. */

let knex: Knex;

beforeEach(async () => {
  const { host, port, user, password } = mysqlServer();
  knex = openDatabase({ url: `mysql://${user}:${password}@${host}:${port}/mysql`, poolMax: 1 });
  // The driver warns on the console about the server's unrequested last packet.
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  await knex.raw('SET SESSION wait_timeout = 1');
  standStill(2_500);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await knex.destroy();
});

/** As under SIGSTOP: the process reads nothing that the server sends. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('learns so by its next statement, which is not executed', async () => {
  const error: unknown = await knex.raw('SELECT 1').catch((reason: unknown) => reason);
  expect(error).toMatchObject({ errno: 4031, code: 'ER_CLIENT_INTERACTION_TIMEOUT' });
  expect(classify(error)).toBe('transaction-lost');
  expect(databaseFault(error)).toBe('unavailable');
});

it('has its transaction repeated on a new session', async () => {
  const answer = await runTransaction(knex, async (trx) => {
    const [[row]] = (await trx.raw('SELECT 7 AS seven')) as [[{ seven: number }]];
    return row.seven;
  });
  expect(answer).toBe(7);
});
