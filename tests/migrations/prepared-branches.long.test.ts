import { byService } from '../../contracts/participants';
import { createParticipantActivities } from '../../activities/participant/activities';
import { point } from '../../contracts/participants/point';
import { product } from '../../contracts/participants/product';
import { spawn } from 'node:child_process';
import { services } from '../../contracts/participants';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { listPrepared, openXa } from '../../activities/participant/branch-connection';
import { openDatabase } from '../../activities/database/connection';
import { databaseUsers } from '../../migrations/grants';
import { cloneFolder, readSettings } from '../../tools/stack/settings';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { startOwnMysql, type OwnMysql } from '../support/own-mysql';

/**
 * An upgrade meets prepared branches, which lock their tables although their sessions are gone. The
 * test runs the process that compose runs first, on a real server.
 */

const identity = { secret: 'a secret for tests only', installation: 'upgrade' };
const startMsMax = 50_000;

let server: OwnMysql;
let databases: TestDatabases;
let pools: Knex[] = [];

beforeAll(async () => {
  server = await startOwnMysql({ performanceSchema: true });
}, 90_000);

afterAll(() => server.stop());

beforeEach(async () => {
  databases = await createTestDatabases({ order: server, product: server, point: server });
  await databases.stock({ apple: { available: 10 } });
  await databases.points({ anna: 100 });
});

afterEach(async () => {
  for (const { formatId, gtrid, bqual } of await listPrepared(databases.product)) {
    await databases.product.raw(`XA ROLLBACK X'${gtrid}', X'${bqual}', ${String(formatId)}`);
  }
  await Promise.all(pools.map((pool) => pool.destroy()));
  pools = [];
  await databases.drop();
});

/** As if this build had new migrations. */
async function fallBehind(): Promise<void> {
  for (const service of services) {
    await databases[service].raw('DROP TABLE inbox, outbox');
    await databases[service]('knex_migrations')
      .where('name', 'like', '%-events')
      .orWhere('name', 'like', '%-deliveries')
      .delete();
  }
}

const isMigrated = (service: 'product' | 'point') => databases[service].schema.hasTable('outbox');

interface Ended {
  code: number | null;
  said: string;
  ms: number;
}

function migrate(names = databases.names, more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { host, port, user, password } = server;
  const url = (name: string) => `mysql://${user}:${password}@${host}:${port}/${name}`;
  const users = [...new Set(databaseUsers.map((one) => one.user))];
  const env = {
    ...readSettings().basicEnvironment,
    ORDER_ADMIN_URL: url(names.order),
    PRODUCT_ADMIN_URL: url(names.product),
    POINT_ADMIN_URL: url(names.point),
    DATABASE_PASSWORDS: users.map((one) => `${one}=for-tests-only`).join(','),
    XA_SECRET: identity.secret,
    XA_INSTALLATION: identity.installation,
    ...more,
  };
  const args = ['--require', join(cloneFolder, 'tools/stack/typescript.cjs')];
  const startedAt = Date.now();
  const child = spawn(process.execPath, [...args, join(cloneFolder, 'workers/migrate.ts')], {
    env,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), startMsMax);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, said, ms: Date.now() - startedAt });
    });
  });
}

/** Both branches of an order are prepared; their sessions are gone. */
async function prepareBoth(orderId: string, decision: 'COMPLETE' | null): Promise<void> {
  await databases.order('orders').insert({
    order_id: orderId,
    customer_id: 'anna',
    idempotency_key: orderId,
    request_hash: 'x',
    status: 'PLACING',
    pattern: 'xa',
    owner: 'a workflow that is gone',
    decision,
    total: 3,
  });
  const open = (service: 'product' | 'point') => {
    const worker = { url: databases.url(`${service}_worker`, service), poolMax: 2 };
    const recovery = { url: databases.url(`${service}_recovery`, service), poolMax: 2 };
    const pool = openDatabase(worker);
    const xa = openXa({ worker, recovery, ...identity });
    pools.push(pool, xa.recovery);
    return [pool, xa] as const;
  };
  const stock = createParticipantActivities(product, ...open('product'));
  const lines = [{ productId: 'apple', quantity: 3 }];
  expect(await stock.prepareStock([{ orderId, lines }])).toEqual([{ kind: 'done' }]);
  const points = createParticipantActivities(point, ...open('point'));
  const command = { orderId, customerId: 'anna', points: 3 };
  expect(await points.preparePoints([command])).toEqual([{ kind: 'done' }]);
  expect(await listPrepared(databases.product)).toHaveLength(2);
}

const decisionOf = async (orderId: string) =>
  (await databases.order('orders').where('order_id', orderId).first('decision'))?.decision;
const apples = () => databases.product('products').pluck('available');
const pointsLeft = () => databases.point('point_accounts').pluck('available');

it('commits decided branches, and migrates', async () => {
  await prepareBoth('o-1', 'COMPLETE');
  await fallBehind();
  const { code, said } = await migrate();
  expect(code === 0 ? 'ended well' : said).toBe('ended well');
  expect(await listPrepared(databases.product)).toEqual([]);
  expect([await apples(), await pointsLeft()]).toEqual([[7], [97]]);
  expect([await isMigrated('product'), await isMigrated('point')]).toEqual([true, true]);
}, 90_000);

it('gives up an old undecided branch: writes CANCEL, then rolls back', async () => {
  await prepareBoth('o-1', null);
  await fallBehind();
  const { code, said } = await migrate(databases.names, { SCAN_CANCEL_AFTER_MS: '100' });
  expect(code === 0 ? 'ended well' : said).toBe('ended well');
  expect(await listPrepared(databases.product)).toEqual([]);
  expect(await decisionOf('o-1')).toBe('CANCEL');
  expect([await apples(), await pointsLeft()]).toEqual([[10], [100]]);
}, 90_000);

it('waits for a young branch, then names its order within seconds', async () => {
  await prepareBoth('o-young', null);
  await fallBehind();
  const { code, said, ms } = await migrate();
  expect(code).toBe(1);
  expect(ms).toBeLessThan(40_000);
  expect(said).toMatch(
    /order o-young, product service, prepared for \d+ s: its order is undecided/,
  );
  expect(said).toMatch(/order o-young, point service, prepared for \d+ s: its order is undecided/);
  expect(said).toContain('once it is 180 s old');
  const gtrids = await databases.product('xa_branches').pluck('gtrid');
  for (const gtrid of gtrids) expect(said).not.toContain(gtrid);
  expect(await listPrepared(databases.product)).toHaveLength(2);
  expect(await decisionOf('o-young')).toBeNull();
  expect(await isMigrated('product')).toBe(false);
}, 90_000);

it('does nothing if there is nothing to migrate', async () => {
  await prepareBoth('o-young', null);
  const { code, said } = await migrate();
  expect(code === 0 ? 'ended well' : said).toBe('ended well');
  expect(await listPrepared(databases.product)).toHaveLength(2);
}, 90_000);

it('never touches another program’s branch, and reports that one is in the way', async () => {
  await databases.product.transaction(async (trx) => {
    await trx.raw('COMMIT');
    await trx.raw(`XA START X'61', X'62', 4711`);
    await trx.raw(`UPDATE products SET available = available - 1`);
    await trx.raw(`XA END X'61', X'62', 4711`);
    await trx.raw(`XA PREPARE X'61', X'62', 4711`);
  });
  await databases.product.destroy();
  databases.product.initialize();
  await fallBehind();
  const { code, said, ms } = await migrate();
  expect(code).toBe(1);
  expect(ms).toBeLessThan(40_000);
  expect(said).toContain('1 prepared XA branches with formatID 4711');
  const [left] = await listPrepared(databases.product);
  expect(left).toEqual({ formatId: 4711, gtrid: '61', bqual: '62' });
  expect(await isMigrated('product')).toBe(false);
}, 90_000);

it('names the session that is in the way', async () => {
  await fallBehind();
  const holder = await databases.point.transaction();
  const [rows] = (await holder.raw('SELECT CONNECTION_ID() AS id')) as [{ id: number }[]];
  await holder.raw('SELECT * FROM point_accounts');
  const { code, said } = await migrate();
  await holder.rollback();
  expect(code).toBe(1);
  expect(said).toContain(`session ${String(rows[0]?.id)} of root on point_accounts`);
  expect(await isMigrated('point')).toBe(false);
}, 90_000);

it('creates missing databases', async () => {
  const names = byService((service) => `fresh_${service}`);
  const { code, said } = await migrate(names);
  expect(code === 0 ? 'ended well' : said).toBe('ended well');
  for (const name of Object.values(names)) {
    await databases.order.raw('DROP DATABASE ??', [name]);
  }
}, 90_000);
