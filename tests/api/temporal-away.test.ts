import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Connection } from '@temporalio/client';
import getPort from 'get-port';
import type { Api } from '../../api/app';
import { createTemporalProbe } from '../../api/placing/temporal';
import { openTemporal } from '../../api/placing/temporal-connection';
import { patterns, type Pattern } from '../../contracts/order';
import { startServer } from '../support/server-process';
import { readSettings } from '../../tools/stack/settings';
import { temporalAnswers, temporalCommand } from '../../tools/stack/temporal';
import { ensureTemporal } from '../../tools/stack/temporal-install';
import { patternsOn } from '../../workers/wiring/patterns';
import { until } from '../support/orders';
import { call, createdOrder, createHarness, problemLike, type ApiHarness } from './harness';
import { place, prefer } from './placing';

/** A real Temporal server that is frozen, and one that is killed, under the API's real clients. */

/** "Within 2 s", plus a busy machine's time for forty answers. */
const toldMsMax = 4_000;
const ordersEach = 8;

let folder: string;
let port: number;
let pid: number;
let harness: ApiHarness;
let connection: Connection;
let client: Client;
let api: Api;

async function startTemporal(): Promise<void> {
  const settings = readSettings();
  pid = await startServer({
    name: 'Temporal',
    command: temporalCommand({
      program: await ensureTemporal(settings, () => undefined),
      port,
      databaseFile: join(folder, 'temporal.db'),
      env: settings.basicEnvironment,
    }),
    logFile: join(folder, 'temporal.log'),
    answers: () => temporalAnswers(`127.0.0.1:${String(port)}`),
    msMax: 60_000,
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'order-temporal-'));
  port = await getPort();
  [harness] = await Promise.all([createHarness(), startTemporal()]);
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
}, 90_000);

afterAll(async () => {
  process.kill(pid, 'SIGKILL');
  await harness.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  connection = openTemporal(`127.0.0.1:${String(port)}`);
  client = new Client({ connection });
  const config = {
    BATCH_ORDERS_MAX: 256,
    BATCHES_IN_FLIGHT_MAX: 2,
    RUNBOOKS_URL: undefined,
    DATABASE_SERVERS: 'one',
  } as const;
  api = harness.another({
    patterns: patternsOn(client, config),
    temporalReady: createTemporalProbe(client),
  });
});

afterEach(async () => {
  // A watcher of their ends would query on a closed connection.
  const owners = await harness.databases
    .order('orders')
    .whereNotNull('owner')
    .pluck<string[]>('owner');
  await Promise.all(
    owners.map((owner) =>
      client.workflow
        .getHandle(owner)
        .terminate()
        .catch(() => undefined),
    ),
  );
  await harness.databases.order('orders').update({ owner: null });
  await sleep(100);
  await connection.close();
});

const faults = {
  frozen: {
    begin: () => process.kill(pid, 'SIGSTOP'),
    end: () => {
      process.kill(pid, 'SIGCONT');
      return Promise.resolve();
    },
  },
  killed: {
    begin: async () => {
      process.kill(pid, 'SIGKILL');
      await until('it is gone', async () => !(await temporalAnswers(`127.0.0.1:${String(port)}`)));
    },
    end: startTemporal,
  },
};

async function ordersOfEach(): Promise<{ orderId: string; pattern: Pattern }[]> {
  const orders = [];
  for (const pattern of patterns) {
    for (let i = 0; i < ordersEach; i += 1) {
      orders.push({ orderId: await createdOrder(api), pattern });
    }
  }
  return orders;
}

const ask = ({ orderId, pattern }: { orderId: string; pattern: Pattern }, seconds = 30) =>
  place(api, orderId, { body: { pattern }, ...prefer(`wait=${String(seconds)}`) });

/** What drives the order: in choreography no workflow, in the others the owner. */
async function expectStarted(orderId: string, pattern: Pattern): Promise<void> {
  const { owner, status } = await harness.row(orderId);
  expect([pattern, status]).toEqual([pattern, 'PLACING']);
  if (pattern === 'choreography') return;
  await until(`the owner of a ${pattern} order runs`, async () => {
    const found = await client.workflow
      .getHandle(String(owner))
      .describe()
      .catch(() => undefined);
    return found?.status.name === 'RUNNING';
  });
}

describe.each(['frozen', 'killed'] as const)('Temporal is %s', (how) => {
  test('no pattern claims an order, all callers learn it soon, and placing resumes automatically', async () => {
    const orders = await ordersOfEach();
    const first = await createdOrder(api);
    expect((await ask({ orderId: first, pattern: 'saga' }, 0)).status).toBe(202);
    await faults[how].begin();
    // An answer of a second ago no longer counts.
    await sleep(1_100);
    const begunAt = Date.now();
    const answers = await Promise.all(orders.map((order) => ask(order)));
    expect(Date.now() - begunAt).toBeLessThan(toldMsMax);
    for (const { status, headers, body } of answers) {
      expect([status, headers.get('Retry-After')]).toEqual([503, '1']);
      expect(body).toEqual(problemLike('unavailable', 503));
    }
    for (const { orderId } of orders) {
      expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', owner: null });
    }
    const ready = await call(api, 'GET', '/health/ready');
    expect(ready.body).toMatchObject({ dependencies: { temporal: 'down', order: 'up' } });
    // Once the outage is known, no caller waits for its detection again.
    const againAt = Date.now();
    expect((await ask(orders[0] ?? { orderId: '', pattern: 'saga' })).status).toBe(503);
    expect(Date.now() - againAt).toBeLessThan(1_000);

    await faults[how].end();
    for (const order of orders.filter((_, i) => i % ordersEach === 0)) {
      await until('it is placed', async () => (await ask(order, 0)).status === 202);
      await expectStarted(order.orderId, order.pattern);
    }
  }, 120_000);

  test('accepts a claimed order, and starts it under the id in its row', async () => {
    const other = await createdOrder(api);
    const orderId = await createdOrder(api);
    expect((await ask({ orderId: other, pattern: 'saga' }, 0)).status).toBe(202);
    await expectStarted(other, 'saga');
    // A moment before, while Temporal still counts as up.
    const begun = faults[how].begin();
    const begunAt = Date.now();
    const { status, headers, body } = await ask({ orderId, pattern: 'saga' });
    expect([status, headers.get('Location')]).toEqual([202, `/orders/${orderId}`]);
    expect(body).toMatchObject({ orderId, status: 'PLACING' });
    expect(Date.now() - begunAt).toBeLessThan(toldMsMax);
    await begun;

    await faults[how].end();
    await expectStarted(orderId, 'saga');
    expect((await call(api, 'GET', '/health/ready')).status).toBe(200);
  }, 120_000);
});
