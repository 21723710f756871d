import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { openTemporal } from '../../api/placing/temporal-connection';
import { defaultPatience } from '../../tools/load/caller';
import { generateOrders } from '../../tools/load/generator';
import { runLoad } from '../../tools/load/run';
import { clientOf, expectClean, LiveStack } from './live-stack';
import { stopsWithNoBranchLeft } from './orderly-stop';

/**
 * The whole product as its user starts it: one command, real processes, which are killed. One stack
 * serves all tests of this file, in their order.
 */

const live = new LiveStack();
const customerId = 'c-00007';
const order = { customerId, items: [{ productId: 'p-0002', quantity: 3 }] };

beforeAll(async () => {
  live.start();
  await live.ready();
}, 65_000);

afterAll(() => live.end(), 60_000);

it('a hundred identical creations and placements are one order with one effect', async () => {
  const stack = await live.ready();
  const client = clientOf(stack, 100);
  const many = Array.from({ length: 100 });
  const created = await Promise.all(many.map(() => client.create(order, 'the same')));
  const ids = new Set(created.map(({ orderId }) => orderId));
  expect(created.map(({ status }) => status)).toEqual(many.map(() => 201));
  expect(ids.size).toBe(1);
  const [orderId = ''] = [...ids] as string[];
  const placed = await Promise.all(many.map(() => client.place(order, orderId, undefined)));
  expect(placed.map(({ status, orderStatus }) => [status, orderStatus])).toEqual(
    many.map(() => [200, 'COMPLETED']),
  );
  await client.close();
  await expectClean(stack);
});

it('an operator finds the workflow of an order, and the runbook that it names', async () => {
  const { temporal, apiUrl } = await live.ready();
  const connection = openTemporal(temporal.address);
  const { workflow } = new Client({ connection, namespace: temporal.namespace });
  const query = 'OrderPattern="saga" AND OrderWorstStatus="COMPLETED" AND OrderBatchSize=1';
  const deadline = Date.now() + 10_000;
  while ((await workflow.count(query)).count === 0 && Date.now() < deadline) await sleep(50);
  const found = await workflow.list({ query })[Symbol.asyncIterator]().next();
  const { workflowId } = found.value as WorkflowExecutionInfo;
  const { events } = await workflow.getHandle(workflowId).fetchHistory();
  const [begun] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  expect(Buffer.from(begun?.data ?? '').toString()).toContain(`"${apiUrl}/runbooks"`);
  expect((await fetch(`${apiUrl}/runbooks/step-failing`)).status).toBe(200);
  await connection.close();
});

it('a killed worker comes back, and the orders placed meanwhile end', async () => {
  const stack = await live.ready();
  const client = clientOf(stack, 1);
  const { orderId = '' } = await client.create(order, 'while a worker is killed');
  const killed = live.kill('product-worker');
  const { orderStatus } = await client.place(order, orderId, undefined);
  expect(orderStatus).toBe('COMPLETED');
  expect(live.pidOf('product-worker')).not.toBe(killed);
  expect(live.output).toMatch(/product-worker died \(.*SIGKILL.*\) and starts again in \d+ ms/);
  await client.close();
  await expectClean(stack);
});

it('every process is killed once while 256 callers place orders: nothing is lost', async () => {
  const stack = await live.ready();
  const client = clientOf(stack, 256);
  const victims = [
    'product-worker',
    'api',
    'workflow-worker',
    'order-worker',
    'temporal',
    'point-worker',
    'lock-worker',
    'mysql',
  ];
  let done = 0;
  const stop = new AbortController();
  const load = runLoad({
    client,
    orders: generateOrders(100_000, 7),
    callers: 256,
    pattern: undefined,
    keyPrefix: randomUUID(),
    patience: defaultPatience,
    signal: stop.signal,
    onProgress: (count) => (done = count),
  });
  for (const name of victims) {
    await sleep(1_500);
    const before = done;
    live.kill(name);
    // Orders end again after every kill, so each kill came during the load.
    const deadline = Date.now() + 30_000;
    while (done === before && Date.now() < deadline) await sleep(20);
    expect(`${name}: ${done > before ? 'orders end again' : 'stuck'}`).toBe(
      `${name}: orders end again`,
    );
    await live.ready();
  }
  stop.abort();
  const { failed, pending, completed } = await load;
  expect({ failed, pending }).toEqual({ failed: {}, pending: 0 });
  expect(completed).toBeGreaterThan(256);
  await client.close();
  await expectClean(stack);
}, 180_000);

it('everything killed at once starts again, and nothing is lost', async () => {
  const stack = await live.ready();
  const client = clientOf(stack, 1);
  const { orderId = '' } = await client.create(order, 'before everything is killed');
  expect(await live.killAll()).toBe(8);
  await client.close();

  live.start();
  const restarted = await live.readyAgain();
  const again = clientOf(restarted, 1);
  expect(await again.create(order, 'before everything is killed')).toMatchObject({
    status: 201,
    orderId,
  });
  expect(await again.place(order, orderId, undefined)).toMatchObject({ orderStatus: 'COMPLETED' });
  await again.close();
  await expectClean(restarted);
}, 90_000);

it('an orderly stop under load leaves no branch prepared', async () => {
  await stopsWithNoBranchLeft(live);
}, 180_000);
