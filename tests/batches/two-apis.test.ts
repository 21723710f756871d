import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { join } from 'node:path';
import getPort from 'get-port';
import type { Knex } from 'knex';
import pino from 'pino';
import { openDatabase } from '../../activities/database/connection';
import { createApp, type Api } from '../../api/app';
import { createTemporalStarter } from '../../api/placing/temporal';
import { taskQueues, workflowTypes } from '../../contracts/names';
import { byService, type Service } from '../../contracts/participants';
import {
  apiUserOf,
  audience,
  authentication,
  call,
  createdOrder,
  issuer,
  readingFrom,
  token,
} from '../api/harness';
import { Gate, netEffect, stateOf } from '../support/orders';
import { temporalServer } from '../support/servers';
import { createWorld, hurriedTiming, type World } from '../support/world';

/** Several API processes on one order database and one Temporal. */

let world: World;
const pools: Knex[] = [];

beforeAll(async () => {
  world = await createWorld();
});

afterAll(async () => {
  for (const pool of pools) await pool.destroy();
  await world.stop();
});

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ 'p-1': { available: 100 }, 'p-2': { available: 3 } });
  await world.databases.points({ 'c-1': 1_000 });
});

/** An API with its own pools, dispatcher and watcher, like another process. */
function anApi(): Api {
  const open = (user: string, service: Service) => {
    const pool = openDatabase({ url: world.databases.url(user, service), poolMax: 5 });
    pools.push(pool);
    return pool;
  };
  const { workflow } = taskQueues;
  const { placeOrders } = workflowTypes;
  const driven = { pattern: 'saga', workflowType: placeOrders, taskQueue: workflow } as const;
  return createApp({
    logger: pino({ level: 'silent' }),
    ...readingFrom(byService((service) => open(apiUserOf(service), service))),
    authentication: authentication(),
    patterns: { saga: { start: createTemporalStarter(world.client, driven) } },
    defaultPattern: 'saga',
    timing: hurriedTiming,
    temporalReady: () => Promise.resolve(),
  });
}

it('orders placed through two APIs at once have one owner and one effect, and all callers learn so', async () => {
  const apis = [anApi(), anApi()];
  const [first] = apis as [Api];
  const good: string[] = [];
  for (let i = 0; i < 20; i += 1) good.push(await createdOrder(first));
  // Three pieces and six orders of two: one of them can succeed.
  const scarce: string[] = [];
  for (let i = 0; i < 6; i += 1) {
    scarce.push(await createdOrder(first, [{ productId: 'p-2', quantity: 2 }]));
  }
  const answers = await Promise.all(
    [...good, ...scarce].map((id) =>
      Promise.all(
        [...apis, ...apis].map(async (api) => {
          const { status, body } = await call(api, 'POST', `/orders/${id}/place`);
          return `${String(status)} ${String(body['status'] ?? body['reason'] ?? body['type'])}`;
        }),
      ),
    ),
  );
  for (const told of answers) expect(new Set(told).size).toBe(1);
  const completed = answers.map(([told]) => told === '200 COMPLETED');
  expect(completed.slice(0, good.length)).not.toContain(false);
  expect(completed.slice(good.length).filter(Boolean)).toHaveLength(1);
  for (const [i, id] of [...good, ...scarce].entries()) {
    const quantity = i < good.length ? 1 : 2;
    const taken = completed[i] ? -quantity : 0;
    expect(await netEffect(world, id)).toEqual({ stock: taken, points: taken });
  }
});

async function spawnApi() {
  const port = await getPort();
  const root = join(__dirname, '..', '..');
  const jwk = authentication().keys.keys[0] as JsonWebKey;
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const url = (user: string, service: Service) => world.databases.url(user, service);
  const child = spawn(
    process.execPath,
    ['--require', join(root, 'tools/stack/typescript.cjs'), join(root, 'workers/api.ts')],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        TEMPORAL_ADDRESS: temporalServer().address,
        TEMPORAL_NAMESPACE: world.namespace,
        ORDER_DATABASE_URL: url('order_api', 'order'),
        PRODUCT_DATABASE_URL: url('product_reader', 'product'),
        POINT_DATABASE_URL: url('point_reader', 'point'),
        API_PORT: String(port),
        JWT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        JWT_ISSUER: issuer,
        JWT_AUDIENCE: audience,
      },
    },
  );
  await once(child, 'message');
  return { child, origin: `http://127.0.0.1:${String(port)}` };
}

it('orders of a killed API end, and the other API answers their callers', async () => {
  const other = anApi();
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) ids.push(await createdOrder(other));
  const running = new Gate();
  world.faults.deductStock = async (run) => {
    await running.pass();
    return run();
  };
  const { child, origin } = await spawnApi();
  try {
    const headers = { Authorization: `Bearer ${await token('c-1')}` };
    const lost = ids.map((id) =>
      fetch(`${origin}/orders/${id}/place`, { method: 'POST', headers }).then(
        ({ status }) => `answered ${String(status)}`,
        () => 'cut off',
      ),
    );
    await running.reached;
    child.kill('SIGKILL');
    expect(new Set(await Promise.all(lost))).toEqual(new Set(['cut off']));
  } finally {
    child.kill('SIGKILL');
  }
  const told = ids.map((id) => call(other, 'POST', `/orders/${id}/place`));
  running.open();
  for (const { status, body } of await Promise.all(told)) {
    expect([status, body['status']]).toEqual([200, 'COMPLETED']);
  }
  for (const id of ids) {
    expect(await stateOf(world, id)).toMatchObject({ status: 'COMPLETED' });
    expect(await netEffect(world, id)).toEqual({ stock: -1, points: -1 });
  }
});
