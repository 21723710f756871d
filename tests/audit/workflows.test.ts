import { randomUUID } from 'node:crypto';
import { Client, type Connection } from '@temporalio/client';
import { openTemporal } from '../../api/placing/temporal-connection';
import { audit } from '../../audit/audit';
import { connectAudit } from '../../audit/connect';
import { workflowsOf } from '../../audit/workflows';
import { byService } from '../../contracts/participants';
import { until } from '../support/orders';
import { temporalServer } from '../support/servers';
import { createWorld, type World } from './world';

/** Against the real server: no worker is needed for a workflow to be open. */

const { address, namespace } = temporalServer();
let connection: Connection;
let client: Client;
let world: World;

beforeAll(async () => {
  connection = openTemporal(address);
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

test('a workflow that is not found counts as closed', async () => {
  const { isOpen, closedAt } = workflowsOf(client);
  const handle = await startWorkflow();
  expect(await isOpen(handle.workflowId)).toBe(true);
  expect(await closedAt(handle.workflowId)).toBeUndefined();
  const before = Date.now();
  await handle.terminate();
  expect(await isOpen(handle.workflowId)).toBe(false);
  const at = (await closedAt(handle.workflowId))?.getTime() ?? 0;
  expect(Math.abs(at - before)).toBeLessThan(10_000);
  const nobody = `owner-${randomUUID()}`;
  expect([await isOpen(nobody), await closedAt(nobody)]).toEqual([false, undefined]);
});

test('does not count a failed query as an answer', async () => {
  const elsewhere = new Client({ connection, namespace: 'no-such-namespace' });
  await expect(workflowsOf(elsewhere).isOpen('owner')).rejects.toThrow();
  await expect(workflowsOf(elsewhere).closedAt('owner')).rejects.toThrow();
});

test('reaches a running system by its connection strings', async () => {
  const { databases } = world;
  const handle = await startWorkflow();
  await world.order({ orderId: 'on-its-way', status: 'PLACING', owner: handle.workflowId });
  const lost = { orderId: 'lost', status: 'PLACING', owner: 'nobody', ownedS: 90 } as const;
  await world.order(lost);
  const deps = connectAudit({
    databases: byService((service) => databases.url('auditor', service)),
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

test('starts an order’s grace when its owner closes', async () => {
  const handle = await startWorkflow();
  await handle.terminate();
  const owner = handle.workflowId;
  await world.order({ orderId: 'just-lost', status: 'PLACING', owner, ownedS: 300 });
  const deps = { ...world.deps, ...workflowsOf(client) };
  const report = await audit(deps);
  expect(report.violations).toEqual([]);
  expect(report.inFlight).toEqual([{ orderId: 'just-lost', waitsFor: 'adoption' }]);
  // No adoption within the grace, which is shorter here than a minute.
  await until('the grace is over', async () => {
    const { violations } = await audit(deps, { graceS: 1 });
    return violations.some(({ rule }) => rule === 'stuck-order');
  });
});

test('starts it likewise for an order that deliveries drive', async () => {
  const orderId = `o-${randomUUID()}`;
  const workflowId = `${orderId}:OrderPlaced:product`;
  const handle = await client.workflow.start('neverRun', { workflowId, taskQueue: workflowId });
  await handle.terminate();
  const { closedAt } = workflowsOf(client);
  const owner = `deliveries:${orderId}`;
  await until('it is listed as closed', async () => (await closedAt(owner)) !== undefined);
  await world.order({ orderId, status: 'PLACING', pattern: 'choreography', owner, ownedS: 300 });
  const report = await audit({ ...world.deps, ...workflowsOf(client) });
  expect(report.violations).toEqual([]);
  expect(report.inFlight).toEqual([{ orderId, waitsFor: 'adoption' }]);
});
