import type { ChildProcess } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import getPort from 'get-port';
import { SignJWT } from 'jose';
import { stopMsMaxOf } from '../../workers/wiring/stopping';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { until } from '../support/orders';
import { temporalServer } from '../support/servers';
import { beginWorker, killProcess, spawnWorker } from '../support/worker-process';
import { createNamespace } from '../support/namespace';
import { LossyProxy } from './lossy-proxy';

/**
 * The real API's process gets the signal to end while callers wait. No worker drives their orders.
 */

const waiting = 20;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let databases: TestDatabases;
let connection: NativeConnection;
let namespace: string;
let port: number;
let bearer: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  databases = await createTestDatabases();
  await databases.stock({ apple: { available: 1_000, price: 1 } });
  await databases.points({ anna: 1_000 });
  connection = await NativeConnection.connect({ address: temporalServer().address });
  namespace = await createNamespace(connection);
  bearer = await new SignJWT({ role: 'customer' })
    .setProtectedHeader({ alg: 'ES256' })
    .setSubject('anna')
    .setIssuer('tests')
    .setAudience('tests')
    .setIssuedAt()
    .setExpirationTime('10 minutes')
    .sign(pair.privateKey);
}, 60_000);

afterAll(async () => {
  await Promise.all(started.map(killProcess));
  await connection.close();
  await databases.drop();
});

const settingsOfApi = (): NodeJS.ProcessEnv => ({
  ORDER_DATABASE_URL: databases.url('order_api', 'order'),
  PRODUCT_DATABASE_URL: databases.url('product_reader', 'product'),
  POINT_DATABASE_URL: databases.url('point_reader', 'point'),
  DATABASE_SERVERS: 'one',
  API_PORT: String(port),
  JWT_PUBLIC_KEY: createPublicKey(pair.privateKey)
    .export({ type: 'spki', format: 'pem' })
    .toString(),
  JWT_ISSUER: 'tests',
  JWT_AUDIENCE: 'tests',
  LAME_DUCK_MS: '0',
});

async function startApi(settings: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  port = await getPort();
  const api = await spawnWorker({ namespace }, 'api', { ...settingsOfApi(), ...settings });
  started.push(api);
  return api;
}

let keys = 0;

function ask(method: string, path: string, body?: object, headers = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${String(port)}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${bearer}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': `stop-${String(port)}-${String(++keys)}`,
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function createdOrder(): Promise<string> {
  const answer = await ask('POST', '/orders', { items: [{ productId: 'apple', quantity: 1 }] });
  return ((await answer.json()) as { orderId: string }).orderId;
}

const placed = (orderId: string, pattern: string) =>
  ask('POST', `/orders/${orderId}/place`, { pattern }, { Prefer: 'wait=45' });

const whatOf = ({ status, headers }: Response) => [
  status,
  headers.get('Location'),
  headers.get('Connection'),
];

async function claimedOrders(): Promise<number> {
  const found = await databases
    .order('orders')
    .where('status', 'PLACING')
    .count<{ rows: number }[]>({ rows: '*' });
  return found[0]?.rows ?? 0;
}

test('a stopping API answers the caller of a claimed order, and ignores a second signal', async () => {
  const api = await startApi();
  const exited = once(api, 'exit');
  const ids = [];
  for (let i = 0; i < waiting; i += 1) ids.push(await createdOrder());
  const before = await claimedOrders();
  const patterns = ['lock', 'xa', 'tcc', 'saga'];
  const answers = Promise.all(ids.map((id, i) => placed(id, patterns[i % 4] ?? '')));
  await until('all are claimed', async () => (await claimedOrders()) === before + waiting);
  const begunAt = Date.now();
  api.kill('SIGTERM');
  await sleep(50);
  api.kill('SIGTERM');
  api.kill('SIGINT');
  expect((await answers).map(whatOf)).toEqual(ids.map((id) => [202, `/orders/${id}`, 'close']));
  expect(await exited).toEqual([0, null]);
  expect(Date.now() - begunAt).toBeLessThan(stopMsMaxOf.api(0));
  // Claimed orders are started, under the id in their rows.
  const owners = await databases.order('orders').whereIn('order_id', ids).pluck<string[]>('owner');
  const client = new Client({ connection, namespace });
  for (const owner of new Set(owners)) {
    const { status } = await client.workflow.getHandle(owner).describe();
    expect(status.name).toBe('RUNNING');
  }
}, 90_000);

test('a lame duck is not ready, and accepts requests until its time is over', async () => {
  const api = await startApi({ LAME_DUCK_MS: '2000' });
  const exited = once(api, 'exit');
  const orderId = await createdOrder();
  expect((await ask('GET', '/health/ready')).status).toBe(200);
  api.kill('SIGTERM');
  await until('it is not ready', async () => (await ask('GET', '/health/ready')).status === 503);
  expect((await ask('GET', '/health/live')).status).toBe(200);
  expect(await createdOrder()).toMatch(/./);
  const answer = await placed(orderId, 'saga');
  expect(whatOf(answer)).toEqual([202, `/orders/${orderId}`, 'close']);
  expect(await exited).toEqual([0, null]);
  await expect(ask('GET', '/health/live')).rejects.toThrow();
}, 60_000);

test('a process survives that its supervisor is gone before it is ready', async () => {
  port = await getPort();
  const api = beginWorker({ namespace }, 'api', settingsOfApi());
  started.push(api);
  const exited = once(api, 'exit');
  api.disconnect();
  expect(await exited).toEqual([0, null]);
}, 60_000);

test('an ending process survives failed calls to a Temporal that has gone', async () => {
  const [host = '', temporalPort] = temporalServer().address.split(':');
  const way = await LossyProxy.start({ host, port: Number(temporalPort) });
  const { host: wayHost, port: wayPort } = way.address;
  const api = await startApi({ TEMPORAL_ADDRESS: `${wayHost}:${String(wayPort)}` });
  const exited = once(api, 'exit');
  // Each of these waits for its workflow's end.
  for (let i = 0; i < 3; i += 1) {
    const orderId = await createdOrder();
    await ask('POST', `/orders/${orderId}/place`, {}, { Prefer: 'respond-async' });
  }
  const client = new Client({ connection, namespace });
  const owners = await databases
    .order('orders')
    .where('status', 'PLACING')
    .orderBy('created_at', 'desc')
    .limit(3)
    .pluck<string[]>('owner');
  await until('their workflows run', async () => {
    const found = owners.map((owner) => client.workflow.getHandle(owner).describe());
    return (await Promise.allSettled(found)).every(({ status }) => status === 'fulfilled');
  });
  await way.stop();
  // The client retries, after pauses.
  await sleep(300);
  api.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
}, 60_000);
