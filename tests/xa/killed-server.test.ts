import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { goneWithin, type ServerCommand } from '../../scripts/stack/bound-process';
import { initialiseMysql, mysqlAdmin, mysqlAnswers } from '../../scripts/stack/mysql';
import { mysqlCommand, mysqlHost, type MysqlOptions } from '../../scripts/stack/mysql';
import { ensureMysql } from '../../scripts/stack/mysql-install';
import { startServer } from '../../scripts/stack/server';
import { readSettings } from '../../scripts/stack/settings';
import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { createWorld, type World } from '../support/world';
import { alertsOf, dies, preparedIn } from './branches';

/** The product service's MySQL, a server of this test's own, is killed while a branch is prepared. */

const folder = mkdtempSync(join(tmpdir(), 'order-xa-'));
const settings = readSettings();
let options: MysqlOptions;
let pid: number;
let world: World;

async function start(): Promise<void> {
  pid = await startServer({
    name: 'MySQL',
    command: withBinaryLog(mysqlCommand(options)),
    logFile: join(folder, 'mysql.log'),
    answers: () => mysqlAnswers(options.port, options.password),
    msMax: 60_000,
  });
}

/** As servers are mostly run: with it a branch is prepared and committed in two places at once. */
function withBinaryLog(command: ServerCommand): ServerCommand {
  const args = command.args.filter((arg) => arg !== '--skip-log-bin');
  expect(args).toHaveLength(command.args.length - 1);
  return { ...command, args: [...args, '--log-bin=binlog', '--server-id=1', '--sync-binlog=1'] };
}

async function kill(): Promise<void> {
  process.kill(pid, 'SIGKILL');
  expect(await goneWithin(pid, 10_000)).toBe(true);
}

beforeAll(async () => {
  options = {
    program: await ensureMysql(settings, () => undefined),
    folder: join(folder, 'mysql'),
    port: await getPort(),
    password: 'for-tests-only',
    durable: true,
    bufferPoolMb: 64,
    performanceSchema: false,
    connectionsMax: 100,
    env: settings.basicEnvironment,
  };
  await initialiseMysql(options, settings.cacheFolder);
  await start();
  const { port, password } = options;
  world = await createWorld(undefined, {
    product: { host: mysqlHost, port, user: mysqlAdmin, password },
  });
  await world.databases.stock({ apple: { available: 10 } });
  await world.databases.points({ anna: 100 });
}, 90_000);

afterAll(async () => {
  await world.stop();
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

it('the branch survives with its locks, and is committed once the server is back', async () => {
  const order = await createOrder(world, { lines: { apple: 2 } });
  const gate = dies(world, 'commitStock', 'before');
  const handle = await startOrders(world, 'xa', [order]);
  await gate.reached;
  await until('the points are committed', async () => {
    return (await netEffect(world, order.orderId)).points === -2;
  });
  expect(await preparedIn(world)).toEqual(['product']);
  await kill();
  // The commit is asked for now, of a server that is not there.
  world.clearFaults();
  gate.open();
  await until(
    'somebody is told',
    async () => {
      return (await alertsOf(world, order.orderId)).includes('branch-in-doubt');
    },
    30_000,
  );
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'PENDING',
    decision: 'COMPLETE',
  });

  // Back, and the participant's worker is kept away for a while.
  const away = dies(world, 'commitStock', 'before');
  await start();
  expect(await preparedIn(world)).toEqual(['product']);
  const [free] = (await world.databases.product.raw(
    'SELECT product_id FROM products FOR UPDATE SKIP LOCKED',
  )) as [unknown[]];
  expect(free).toEqual([]);
  world.clearFaults();
  away.open();

  expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await preparedIn(world)).toEqual([]);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -2, points: -2 });
  expect(await alertsOf(world, order.orderId)).toEqual([]);
});
