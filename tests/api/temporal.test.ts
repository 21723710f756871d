import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, type Connection } from '@temporalio/client';
import { openTemporal } from '../../api/placing/temporal-connection';
import { createTemporalProbe, createTemporalStarter } from '../../api/placing/temporal';
import { defaultTiming } from '../../contracts/limits';
import { workflowTypes } from '../../contracts/names';
import type { PlaceOrdersInput } from '../../contracts/workflows';
import { temporalServer } from '../support/servers';

let connection: Connection;
let client: Client;
/** No worker serves it: a started workflow stays open until it is terminated. */
const taskQueue = `idle-${randomUUID()}`;

beforeAll(() => {
  const { address, namespace } = temporalServer();
  connection = openTemporal(address);
  client = new Client({ connection, namespace });
});

afterAll(() => connection.close());

const input = (orderId: string): PlaceOrdersInput => ({
  orders: [{ orderId, customerId: 'c-1', lines: [], total: 1 }],
  timing: defaultTiming,
});

const workflow = { pattern: 'saga', workflowType: workflowTypes.placeOrders, taskQueue } as const;

test('starts a workflow once, however often it is called, and reports when it has closed', async () => {
  const start = createTemporalStarter(client, workflow);
  const id = `place-${randomUUID()}`;
  const handle = client.workflow.getHandle(id);
  const first = await start(id, input('o-1'));
  const { runId, type, taskQueue: queue, status } = await handle.describe();
  expect([type, queue, status.name]).toEqual(['placeOrders', taskQueue, 'RUNNING']);

  const second = await start(id, input('o-other'));
  expect((await handle.describe()).runId).toBe(runId);

  let closed = false;
  const both = Promise.all([first.closed, second.closed]).then(() => {
    closed = true;
  });
  expect(closed).toBe(false);
  await handle.terminate();
  await both;

  const late = await start(id, input('o-1'));
  await late.closed;
  expect((await handle.describe()).runId).toBe(runId);
});

test('fails a try in time for another if Temporal is down', async () => {
  const away = new Client({ connection: openTemporal('127.0.0.1:1') });
  const start = createTemporalStarter(away, workflow);
  await expect(start(`place-${randomUUID()}`, input('o-1'))).rejects.toThrow();
  await expect(createTemporalProbe(away)()).rejects.toThrow();
  await away.connection.close();
});

test('fails a running call if its connection is closed between two tries', async () => {
  const nobody = openTemporal('127.0.0.1:1');
  const { workflow: handles } = new Client({ connection: nobody });
  const told = handles.getHandle('some-workflow').describe();
  const failed = expect(told).rejects.toMatchObject({
    cause: { code: 1, details: 'Channel has been shut down' },
  });
  // No server listens there: a try fails at once, and most of the time is a pause.
  await pause(50);
  await nobody.close();
  await failed;
});

test('is ready if Temporal answers', async () => {
  await expect(createTemporalProbe(client)()).resolves.toBeUndefined();
});
