import { WorkflowExecutionAlreadyStartedError, type WorkflowClient } from '@temporalio/client';
import { deliveryId } from '../../contracts/events';
import type { PlacedOrder } from '../../contracts/order';
import { auditOf, expectAtRest } from '../support/audited';
import { ends, createOrder, Gate, netEffect, until } from '../support/orders';
import { startRelays, type Relays } from '../support/relays';
import { createWorld, type World } from '../support/world';
import { placeByEvents } from './support';

/** The relay: it may die at any moment, and two may run. */

let world: World;
let relays: Relays;

beforeAll(async () => {
  world = await createWorld();
  relays = startRelays(world);
});

afterAll(async () => {
  await relays.end();
  await world.stop();
});

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
  await relays.stop('order');
});

const all = { stock: -1, points: -1 };

/** A client with a replaced way to start workflows. */
function clientThat(
  start: (
    really: WorkflowClient['start'],
    ...args: Parameters<WorkflowClient['start']>
  ) => Promise<unknown>,
): WorkflowClient {
  return new Proxy(world.client.workflow, {
    get(target, property, receiver) {
      if (property !== 'start') return Reflect.get(target, property, receiver) as unknown;
      const really = target.start.bind(target);
      return (...args: Parameters<WorkflowClient['start']>) => start(really, ...args);
    },
  });
}

/** A client that records what it is to start, and which starts were refused as duplicates. */
function watchedClient() {
  const tried: string[] = [];
  const refused: string[] = [];
  const client = clientThat(async (really, type, options) => {
    const { workflowId } = options;
    tried.push(workflowId);
    try {
      return await really(type, options);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) refused.push(workflowId);
      throw error;
    }
  });
  return { client, tried, refused };
}

/** The names of the deliveries of these orders' first events. */
async function namesOf(orders: readonly PlacedOrder[]): Promise<string[]> {
  const names = await world.databases
    .order('outbox')
    .where('type', 'OrderPlaced')
    .whereIn(
      'order_id',
      orders.map(({ orderId }) => orderId),
    )
    .pluck<(string | null)[]>('delivery');
  return [...new Set(names.flatMap((name) => name ?? []))];
}

/** Their workflows: one for each subscriber. */
async function deliveriesOf(orders: readonly PlacedOrder[]): Promise<string[]> {
  const names = await namesOf(orders);
  const subscribers = ['product', 'point'] as const;
  return names.flatMap((name) => subscribers.map((one) => deliveryId(name, one))).sort();
}

/** Waits until these have ended, and returns each one's newest run. */
async function runsOf(deliveries: string[]): Promise<string[]> {
  const handles = deliveries.map((id) => world.client.workflow.getHandle(id));
  await Promise.all(handles.map((handle) => handle.result()));
  const described = await Promise.all(handles.map((handle) => handle.describe()));
  return described.map(({ runId }) => runId);
}

/** Counts the executions of each, from a list of workflows. */
async function executionsOf(deliveries: string[]): Promise<number[]> {
  const counts = () =>
    Promise.all(
      deliveries.map(async (id) => {
        return (await world.client.workflow.count(`WorkflowId = "${id}"`)).count;
      }),
    );
  await until('they can all be listed', async () => (await counts()).every((n) => n > 0));
  return counts();
}

async function placeMany(count: number): Promise<PlacedOrder[]> {
  const orders: PlacedOrder[] = [];
  for (let i = 0; i < count; i += 1) orders.push(await createOrder(world));
  for (const order of orders) await placeByEvents(world, order);
  return orders;
}

/** Starts a relay that hands over, and stops before it marks the events. */
async function handsOverOnly() {
  const handedOver = new Gate();
  const relay = relays.start('order', { beforeMarking: () => handedOver.pass() });
  await handedOver.reached;
  return { relay, goOn: handedOver.open };
}

it('killed between handing over and marking, a second handing over has no effect', async () => {
  const [order] = (await placeMany(1)) as [PlacedOrder];
  const killed = new Gate();
  const dying = relays.start('order', {
    beforeMarking: async () => {
      await killed.pass();
      throw new Error('killed');
    },
  });
  await killed.reached;
  // They have ended, so only their ids prevent a second delivery.
  const deliveries = await deliveriesOf([order]);
  const runs = await runsOf(deliveries);
  await ends(world, order, 'COMPLETED');
  const unsent = await world.databases.order('outbox').whereNull('sent_at').pluck('type');
  expect(unsent).toContain('OrderPlaced');
  const next = watchedClient();
  relays.start('order', { client: next.client });
  await until('it has handed over too', () => next.refused.length >= 2);
  killed.open();
  await dying.close();
  await expectAtRest(world);
  expect(next.tried.filter((id) => deliveries.includes(id)).sort()).toEqual(deliveries);
  expect(next.refused.sort()).toEqual(deliveries);
  expect(await runsOf(deliveries)).toEqual(runs);
  expect(await executionsOf(deliveries)).toEqual([1, 1]);
  expect(await netEffect(world, order.orderId)).toEqual(all);
});

it('two relays make one delivery of the events that are unsent together', async () => {
  const orders = await placeMany(5);
  const first = await handsOverOnly();
  expect(await namesOf(orders)).toEqual([expect.stringMatching(/^events-/)]);
  const deliveries = await deliveriesOf(orders);
  const runs = await runsOf(deliveries);
  const second = watchedClient();
  relays.start('order', { client: second.client });
  await until('the other has handed over too', () => second.refused.length >= deliveries.length);
  first.goOn();
  expect(second.refused.sort()).toEqual(deliveries);
  expect(await runsOf(deliveries)).toEqual(runs);

  // Both continue, and neither knows of the other.
  const more = await placeMany(10);
  for (const order of [...orders, ...more]) await ends(world, order, 'COMPLETED');
  for (const { orderId } of [...orders, ...more]) {
    expect(await netEffect(world, orderId)).toEqual(all);
  }
  await expectAtRest(world);
  const executions = await executionsOf(await deliveriesOf([...orders, ...more]));
  expect(executions).toEqual(executions.map(() => 1));
  expect(executions.length).toBeGreaterThan(deliveries.length);
});

it('waits while Temporal is down, and then sends all events', async () => {
  relays.warnings.length = 0;
  let away = true;
  const client = clientThat((really, type, options) =>
    away ? Promise.reject(new Error('UNAVAILABLE')) : really(type, options),
  );
  relays.start('order', { client });
  const order = await createOrder(world);
  await placeByEvents(world, order);
  await until('it has tried twice', () => relays.warnings.length >= 2);
  const report = await auditOf(world);
  expect(report.violations).toEqual([]);
  expect(report.inFlight).toEqual([{ orderId: order.orderId, waitsFor: 'event' }]);
  away = false;
  await ends(world, order, 'COMPLETED');
  await relays.stop('order');
  relays.start('order');
  await expectAtRest(world);
});
