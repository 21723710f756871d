import { deliveriesOf, deliveryId, type OrderEvent } from '../../contracts/events';
import { services } from '../../contracts/participants';
import { ends, createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { quiet, startRelays, type Relays } from '../support/relays';
import { expectAtRest } from '../support/audited';
import { adoptNow, cancel, placeByEvents } from './support';

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

afterEach(() => quiet(world));

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
  world.clearFaults();
});

const all = { stock: -1, points: -1 };

/** Adoption runs every few seconds, and learns with a delay which deliveries are open. */
const adopted = () => until('it is adopted', async () => (await adoptNow(world)) === 1);

/** Makes one event fail at its subscriber until the fault is removed. */
function fail(activity: 'productReacts' | 'pointReacts' | 'orderReacts', eventId: string) {
  const failing = { tries: 0 };
  world.faults[activity] = (run, [events]) => {
    if (!(events as OrderEvent[]).some((event) => event.eventId === eventId)) return run();
    failing.tries += 1;
    return Promise.reject(new Error('not yet'));
  };
  return failing;
}

describe('a terminated delivery', () => {
  it.each([
    ['OrderPlaced', 'product', 'productReacts'],
    ['OrderPlaced', 'point', 'pointReacts'],
    ['StockDeducted:OrderPlaced', 'order', 'orderReacts'],
  ] as const)('%s to the %s service', async (event, subscriber, activity) => {
    const order = await createOrder(world);
    const eventId = `${order.orderId}:${event}`;
    const failing = fail(activity, eventId);
    await placeByEvents(world, order);
    await until('it was tried', () => failing.tries > 0);
    const delivery = world.client.workflow.getHandle(deliveryId(eventId, subscriber));
    await until('its being open is known', async () => (await adoptNow(world)) === 0);
    const { owner } = await stateOf(world, order.orderId);
    await delivery.terminate('an operator pressed Terminate');
    world.clearFaults();
    await adopted();
    await ends(world, order, 'COMPLETED');
    expect(owner).toMatch(/^(deliveries:|adopt-)/);
    expect((await stateOf(world, order.orderId)).owner).toMatch(/^adopt-/);
    expect(await netEffect(world, order.orderId)).toEqual(all);
    await expectAtRest(world);
  });

  it('is made up for, even if the customer cancels before anything announces that', async () => {
    const order = await createOrder(world);
    const eventId = `${order.orderId}:OrderPlaced`;
    const failing = [fail('productReacts', eventId), fail('pointReacts', eventId)];
    await placeByEvents(world, order);
    await until('both were tried', () => failing.every(({ tries }) => tries > 0));
    for (const subscriber of ['product', 'point'] as const) {
      await world.client.workflow.getHandle(deliveryId(eventId, subscriber)).terminate();
    }
    world.clearFaults();
    expect(await cancel(world, order)).toBe('cancelling');
    await adopted();
    await ends(world, order, 'CANCELLED');
    expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
    await expectAtRest(world);
  });
});

describe('adoption leaves alone', () => {
  it('an order whose deliveries wait for a service that is down', async () => {
    await world.stopWorker('product');
    const order = await createOrder(world);
    await placeByEvents(world, order);
    const { handle } = await deliveryOf(order.orderId);
    await until('it is known as open', async () => {
      const query = `WorkflowId = "${handle.workflowId}" AND ExecutionStatus = "Running"`;
      return (await world.client.workflow.count(query)).count === 1;
    });
    expect(await adoptNow(world)).toBe(0);
    expect((await stateOf(world, order.orderId)).owner).toBe(deliveriesOf(order.orderId));
    await world.startWorker('product');
    await ends(world, order, 'COMPLETED');
    await expectAtRest(world);
  });

  it('an order whose event the relay has not sent yet', async () => {
    await relays.stop('order');
    const order = await createOrder(world);
    await placeByEvents(world, order);
    expect(await adoptNow(world)).toBe(0);
    relays.start('order');
    await ends(world, order, 'COMPLETED');
    await expectAtRest(world);
  });
});

async function deliveryOf(orderId: string) {
  const handle = world.client.workflow.getHandle(deliveryId(`${orderId}:OrderPlaced`, 'product'));
  await until('the delivery is there', () =>
    handle.describe().then(
      () => true,
      () => false,
    ),
  );
  return { handle };
}

describe('the workflow of an adopted order', () => {
  it.each(['separate', 'local'] as const)(
    'ends the order without any relay, placement %s',
    async (placement) => {
      for (const service of services) await relays.stop(service);
      const order = await createOrder(world);
      const timing = { ...hurriedTiming, placement };
      const handle = await startOrders(world, 'choreography', [order], timing);
      expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
      expect(await netEffect(world, order.orderId)).toEqual(all);
      for (const service of services) relays.start(service);
      await expectAtRest(world);
    },
  );

  it('cancels an undecided order if it is cancelled in Temporal', async () => {
    for (const service of services) await relays.stop(service);
    const order = await createOrder(world);
    const failing = fail('pointReacts', `${order.orderId}:OrderPlaced`);
    const handle = await startOrders(world, 'choreography', [order]);
    await until('it was tried', () => failing.tries > 0);
    await handle.cancel();
    await until('CANCEL is written', async () => {
      return (await stateOf(world, order.orderId)).decision === 'CANCEL';
    });
    world.clearFaults();
    expect(await handle.result()).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'cancelled-by-operator' });
    expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
    for (const service of services) relays.start(service);
    await expectAtRest(world);
  });
});
