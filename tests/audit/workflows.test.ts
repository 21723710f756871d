import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { audit } from '../../audit/audit';
import { connectAudit } from '../../audit/connect';
import { openWorkflows } from '../../audit/workflows';
import { temporalServer } from '../support/servers';
import { createWorld, type World } from './world';

/** Against the real server: no worker is needed for a workflow to be open. */

const { address, namespace } = temporalServer();
let connection: Connection;
let client: Client;
let world: World;

beforeAll(async () => {
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
  world = await createWorld();
});
beforeEach(() => world.begin());
afterAll(async () => {
  await world.end();
  await connection.close();
});

function startWorkflow() {
  const workflowId = `owner-${randomUUID()}`;
  return client.workflow.start('neverRun', { workflowId, taskQueue: workflowId });
}

test('a workflow is open until it is closed; one that is not found is closed', async () => {
  const isOpen = openWorkflows(client);
  const handle = await startWorkflow();
  expect(await isOpen(handle.workflowId)).toBe(true);
  await handle.terminate();
  expect(await isOpen(handle.workflowId)).toBe(false);
  expect(await isOpen(`owner-${randomUUID()}`)).toBe(false);
});

test('a server that cannot be asked is no answer', async () => {
  const elsewhere = new Client({ connection, namespace: 'no-such-namespace' });
  await expect(openWorkflows(elsewhere)('owner')).rejects.toThrow();
});

test('a running system is reached by its connection strings', async () => {
  const { databases } = world;
  const handle = await startWorkflow();
  await world.order({ orderId: 'on-its-way', status: 'PLACING', owner: handle.workflowId });
  const lost = { orderId: 'lost', status: 'PLACING', owner: 'nobody', ownedS: 90 } as const;
  await world.order(lost);
  const deps = connectAudit({
    databases: {
      order: databases.url('auditor', 'order'),
      product: databases.url('auditor', 'product'),
      point: databases.url('auditor', 'point'),
    },
    temporal: { address, namespace },
  });
  try {
    const { violations, inFlight } = await audit(deps);
    expect(violations).toMatchObject([{ rule: 'stuck-order', orderId: 'lost' }]);
    expect(inFlight).toEqual([{ orderId: 'on-its-way', waitsFor: 'workflow' }]);
  } finally {
    await deps.close();
    await handle.terminate();
  }
});
