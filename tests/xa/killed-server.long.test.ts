import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { createOrderIntake } from '../../activities/order/intake';
import type { PlacedOrder } from '../../contracts/order';
import { goneWithin, type ServerCommand } from '../../tools/stack/bound-process';
import { initialiseMysql, mysqlAdmin, mysqlAnswers } from '../../tools/stack/mysql';
import { mysqlCommand, mysqlHost, type MysqlOptions } from '../../tools/stack/mysql';
import { ensureMysql } from '../../tools/stack/mysql-install';
import { startServer } from '../support/server-process';
import { readSettings } from '../../tools/stack/settings';
import { expectAtRest } from '../support/audited';
import type { Faults } from '../support/faults';
import { createOrder, netEffect, startOrders, stateOf, until, type Gate } from '../support/orders';
import { createWorld, type World } from '../support/world';
import { alertsOf, dies, preparedIn, rollBackAll } from './branches';

/** The participants' MySQL, this test's own server, is killed while a branch is prepared. */

const folder = mkdtempSync(join(tmpdir(), 'order-xa-'));
const settings = readSettings();
let options: MysqlOptions;
let pid: number;
let runs = false;
const gates: Gate[] = [];
let world: World;

async function start(): Promise<void> {
  pid = await startServer({
    name: 'MySQL',
    command: withBinaryLog(mysqlCommand(options)),
    logFile: join(folder, 'mysql.log'),
    answers: () => mysqlAnswers(options.port, options.password),
    msMax: 60_000,
  });
  runs = true;
}

/** The usual setting: with a binlog a branch is prepared and committed in two places. */
function withBinaryLog(command: ServerCommand): ServerCommand {
  const args = command.args.filter((arg) => arg !== '--skip-log-bin');
  expect(args).toHaveLength(command.args.length - 1);
  return { ...command, args: [...args, '--log-bin=binlog', '--server-id=1', '--sync-binlog=1'] };
}

async function kill(): Promise<void> {
  runs = false;
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
    acceptQueueMax: 100,
    env: settings.basicEnvironment,
  };
  await initialiseMysql(options, settings.cacheFolder);
  await start();
  const { port, password } = options;
  const own = { host: mysqlHost, port, user: mysqlAdmin, password };
  world = await createWorld(undefined, { product: own, point: own });
}, 90_000);

afterEach(async () => {
  world.clearFaults();
  for (const gate of gates.splice(0)) gate.open();
  // Each test starts on a server without prepared branches.
  if (!runs) await start();
  await rollBackAll(world);
});

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 10 } });
  await world.databases.points({ anna: 100 });
});

afterAll(async () => {
  await world.stop();
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

/** The step waits until its gate is opened and the faults are cleared. */
function stopsAt(step: keyof Faults): Gate {
  const gate = dies(world, step, 'before');
  gates.push(gate);
  return gate;
}

const inDoubt = ({ orderId }: PlacedOrder) =>
  until(
    'an alert is raised',
    async () => (await alertsOf(world, orderId)).includes('branch-in-doubt'),
    20_000,
  );

/** Products and customers whose rows no branch locks. */
async function freeRows(): Promise<string[]> {
  const { product, point } = world.databases;
  const products = await product('products').forUpdate().skipLocked().pluck('product_id');
  const customers = point('point_accounts').forUpdate().skipLocked();
  return [...products, ...(await customers.pluck('customer_id'))];
}

/** Expects that the order ended so, that nothing is left, and that the auditor finds nothing. */
async function hasEnded({ orderId }: PlacedOrder, status: string, net: object): Promise<void> {
  expect(await stateOf(world, orderId)).toMatchObject({ status });
  expect(await preparedIn(world)).toEqual([]);
  expect(await freeRows()).toEqual(['apple', 'anna']);
  expect(await netEffect(world, orderId)).toEqual(net);
  expect(await alertsOf(world, orderId)).toEqual([]);
  await expectAtRest(world);
}

describe('after the decision', () => {
  it.each([
    ['commitStock', 'product', { stock: 0, points: -2 }, ['anna']],
    ['commitPoints', 'point', { stock: -2, points: 0 }, ['apple']],
  ] as const)(
    'before the %s: the branch survives with its locks, and is committed once it is back',
    async (step, participant, net, free) => {
      const order = await createOrder(world, { lines: { apple: 2 } });
      const gate = stopsAt(step);
      const handle = await startOrders(world, 'xa', [order]);
      await gate.reached;
      await until('the other branch is committed', async () => {
        return JSON.stringify(await netEffect(world, order.orderId)) === JSON.stringify(net);
      });
      expect(await preparedIn(world)).toEqual([participant]);
      await kill();
      // The commit is now requested of a server that is down.
      world.clearFaults();
      gate.open();
      await inDoubt(order);
      expect(await stateOf(world, order.orderId)).toMatchObject({
        status: 'PENDING',
        decision: 'COMPLETE',
      });

      // The server is back, but the participant's worker stays away for a while.
      const away = stopsAt(step);
      await start();
      expect(await preparedIn(world)).toEqual([participant]);
      expect(await freeRows()).toEqual(free);
      world.clearFaults();
      away.open();

      expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
      await hasEnded(order, 'COMPLETED', { stock: -2, points: -2 });
    },
  );
});

describe('before the decision', () => {
  /** Kills the server with these prepared, and restarts it after the alert, without the workers. */
  async function outlives(order: PlacedOrder, participants: string[]): Promise<void> {
    await inDoubt(order);
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'PENDING',
      decision: 'CANCEL',
    });
    const away = [stopsAt('rollbackStock'), stopsAt('rollbackPoints')];
    await start();
    expect(await preparedIn(world)).toEqual(participants);
    world.clearFaults();
    for (const gate of away) gate.open();
  }

  it('with one branch prepared: the other cannot prepare, and the branch is rolled back', async () => {
    const order = await createOrder(world, { lines: { apple: 2 } });
    const gate = stopsAt('preparePoints');
    const handle = await startOrders(world, 'xa', [order]);
    await gate.reached;
    expect(await preparedIn(world)).toEqual(['product']);
    await kill();
    world.clearFaults();
    gate.open();
    await outlives(order, ['product']);
    expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'unavailable' });
    await hasEnded(order, 'CANCELLED', { stock: 0, points: 0 });
  });

  it('with both prepared: the customer cancels, and both are rolled back', async () => {
    const order = await createOrder(world, { lines: { apple: 2 } });
    const gate = stopsAt('decideOrders');
    const handle = await startOrders(world, 'xa', [order]);
    await gate.reached;
    expect(await preparedIn(world)).toEqual(['product', 'point']);
    await kill();
    const intake = createOrderIntake(world.databases.order);
    expect(await intake.cancelOrder(order.orderId)).toBe('cancelling');
    world.clearFaults();
    gate.open();
    await outlives(order, ['product', 'point']);
    expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    await hasEnded(order, 'CANCELLED', { stock: 0, points: 0 });
  });
});
