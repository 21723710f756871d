import type { Knex } from 'knex';
import { databaseFault } from '../../activities/order/intake';
import { openDatabase } from '../../activities/database/connection';
import { errorTable } from '../../activities/database/error-table';
import { classify, type ErrorClass } from '../../activities/database/errors';
import { createReact } from '../../activities/events/reactor';
import type { OrderEvent } from '../../contracts/events';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { startOwnMysql, type OwnMysql } from '../support/own-mysql';
import { notPassing } from './not-passing';

/** The table of errors against the server's own list, and the effect of temporary errors. */

let server: OwnMysql;
let databases: TestDatabases;
let admin: Knex;

beforeAll(async () => {
  server = await startOwnMysql({ performanceSchema: true });
  databases = await createTestDatabases({ order: server, product: server, point: server });
  const { host, port, user, password } = server;
  admin = openDatabase({ url: `mysql://${user}:${password}@${host}:${port}/`, poolMax: 1 });
}, 90_000);

afterAll(async () => {
  await admin.destroy();
  await databases.drop();
  await server.stop();
});

/** Words in the names of temporary errors. */
const soundsPassing = new RegExp(
  [
    'LOCK|TIMEOUT|TIMED|WAIT|RETRY|CONCURRENT|PROGRESS|RUNNING|CHANGED|REPREPARE|TEMPORAR',
    'FULL|DISK|(?<!TABLE)SPACE|_IO_|ERRNO|ERRMSG|ERROR_ON_(?!ON_)|CANT_(CREATE|OPEN|READ|WRITE)',
    'WRITE_FAIL|LOGGING_(FAILED|IMPOSSIBLE)|FATAL|RECOVER|CRASH|READ_?ONLY|UPGRADE|CLONE',
    'SHUTDOWN|FORCING|ABORT|KILL|INTERRUPT|UNAVAIL|AVAILABLE|BUSY|OFFLINE|LOST|STOP|HOOK',
    'TOO_MANY|(?<!DE)LIMIT|EXCEED|REACHED|RESOURCE|MEMORY|OOM$',
    'CONN|NET_|NETWORK|HOST|PACKET|HANDSHAKE|XA|TRX|COMMIT|ROLLBACK|ERROR_DURING',
  ].join('|'),
);
/** From here on they are lines of the server's log, which no client gets. */
const loggedFrom = 10_000;

/** MySQL's global errors, below 1000, and removed ones, which no list contains. */
const unlisted = (name: string) => name.startsWith('EE_') || name === 'ER_DISK_FULL';

const classed = errorTable.flatMap((row) =>
  Object.entries(row.errors).map(([number, name]) => ({ number: Number(number), name })),
);
const lookedAt = notPassing.flatMap(({ names }) => names.trim().split(/\s+/));

async function serversOwn(): Promise<Map<string, number>> {
  const [rows] = (await admin.raw(
    `SELECT error_name AS name, error_number AS number
     FROM performance_schema.events_errors_summary_global_by_error WHERE error_name IS NOT NULL`,
  )) as [{ name: string; number: number }[]];
  return new Map(rows.map(({ name, number }) => [name, number]));
}

it('has every error of this server that looks temporary, or a reason why it is not', async () => {
  const own = await serversOwn();
  expect(own.size).toBeGreaterThan(1_000);
  const known = new Set([...classed.map(({ name }) => name), ...lookedAt]);
  const unknown = [...own].filter(
    ([name, number]) => number < loggedFrom && soundsPassing.test(name) && !known.has(name),
  );
  expect(unknown).toEqual([]);
});

it('names each error as the server does', async () => {
  const own = await serversOwn();
  const wrong = classed.filter(({ name, number }) => !unlisted(name) && own.get(name) !== number);
  expect(wrong).toEqual([]);
  expect(lookedAt.filter((name) => !own.has(name))).toEqual([]);
});

it('lists each error once', () => {
  const numbers = classed.map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(classed.filter(({ name }) => lookedAt.includes(name))).toEqual([]);
  expect(new Set(lookedAt).size).toBe(lookedAt.length);
});

const system = (code: string, syscall?: string) =>
  Object.assign(new Error(`${syscall ?? ''} ${code}`), {
    code,
    errno: -1,
    ...(syscall && { syscall }),
  });
const allTries = (...errors: Error[]) =>
  Object.assign(new AggregateError(errors), { code: (errors[0] as { code?: string }).code });

const drivers: [string, ErrorClass, Error][] = [
  ['a host name that is not found', 'unreachable', system('ENOTFOUND', 'getaddrinfo')],
  ['a resolver that is down', 'unreachable', system('EAI_AGAIN', 'getaddrinfo')],
  ['a resolver that fails', 'unreachable', system('EAI_FAIL')],
  ['a connect that times out', 'unreachable', system('ETIMEDOUT', 'connect')],
  ['a connect without a route', 'unreachable', system('EHOSTUNREACH', 'connect')],
  ['a connect without a network', 'unreachable', system('ENETUNREACH', 'connect')],
  ['no file descriptors left', 'unreachable', system('EMFILE', 'socket')],
  [
    'a host of which every address fails',
    'unreachable',
    allTries(system('ETIMEDOUT', 'connect'), system('ENETUNREACH', 'connect')),
  ],
  ['a read that times out', 'outcome-unknown', system('ETIMEDOUT', 'read')],
  ['a read without a route', 'outcome-unknown', system('EHOSTUNREACH', 'read')],
  ['a read without a network', 'outcome-unknown', system('ENETUNREACH', 'read')],
  ['a network that is down', 'outcome-unknown', system('ENETDOWN', 'write')],
  ['a reset', 'outcome-unknown', system('ECONNRESET', 'read')],
];

it.each(drivers)('%s is %s', (_, expected, error) => {
  expect(classify(error)).toBe(expected);
});

const passing: ErrorClass[] = [
  'transaction-lost',
  'lock-timeout',
  'unreachable',
  'outcome-unknown',
  'server-unfit',
];

function serverError(number: number, name: string): Error {
  return Object.assign(new Error('as the server says'), {
    errno: number,
    code: name,
    sqlState: 'HY000',
  });
}

const thrown = [
  ...errorTable
    .filter((row) => passing.includes(row.class))
    .flatMap(({ errors }) =>
      Object.entries(errors).map(
        ([number, name]) => [name, serverError(Number(number), name)] as const,
      ),
    ),
  ...drivers.map(([what, , error]) => [what, error] as const),
];

it.each(thrown)('the API answers %s as temporary, and never as a bug', (_, error) => {
  expect(databaseFault(error)).toBe('unavailable');
});

it('a temporary error never parks an event', async () => {
  let error = new Error();
  const react = createReact({
    knex: databases.product,
    subscriber: 'product',
    react: () => Promise.reject(error),
    findLocked: () => Promise.resolve([]),
    needing: () => [],
    onEmitted: () => undefined,
  });
  const event = (orderId: string): OrderEvent =>
    ({
      eventId: `${orderId}.OrderPlaced`,
      type: 'OrderPlaced',
      orderId,
      order: { orderId, customerId: 'anna', lines: [], total: 1 },
    }) as unknown as OrderEvent;
  // One error per class is enough to test a transaction's retries.
  const each = new Map(thrown.map(([what, one]) => [classify(one), [what, one] as const]));
  expect([...each.keys()].sort()).toEqual([...passing].sort());
  for (const [kind, [, one]] of each) {
    error = one;
    for (let tries = 0; tries < 6; tries += 1) {
      await expect(react([event(kind)], undefined, 'wait')).rejects.toMatchObject({ type: kind });
    }
  }
  expect(await databases.product('inbox').count({ rows: '*' })).toEqual([{ rows: 0 }]);
  // An unknown error is still parked; otherwise this would be true of any error.
  error = serverError(1105, 'ER_UNKNOWN_ERROR');
  const parked = { kind: 'parked' };
  for (let tries = 0; tries < 4; tries += 1) await react([event('unknown')]).catch(() => undefined);
  await expect(react([event('unknown')])).resolves.toMatchObject([parked]);
});
