import { createOrderReactions } from '../../activities/order/reactions';
import { createParticipantReactions } from '../../activities/participant/activities';
import { deliveriesOf, deliveryId, eventOf, type OrderEvent } from '../../contracts/events';
import type { PlacedOrder } from '../../contracts/order';
import { participantOf, type Service } from '../../contracts/participants';
import { auditOf, expectAtRest } from '../support/audited';
import { createOrder, ends, Gate, netEffect, stateOf, until } from '../support/orders';
import { quiet, startRelays, type Relays } from '../support/relays';
import { createWorld, type World } from '../support/world';
import { adoptNow, cancel, placeByEvents } from './support';

/** Events of several orders in one delivery: each keeps what it has alone. */

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
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 }, pear: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

const all = { stock: -1, points: -1 };

/** Orders whose first events are unsent together. */
async function placeTogether(...lines: Record<string, number>[]): Promise<PlacedOrder[]> {
  await relays.stop('order');
  const orders: PlacedOrder[] = [];
  for (const one of lines) orders.push(await createOrder(world, { lines: one }));
  for (const order of orders) await placeByEvents(world, order);
  return orders;
}

/** The name of the delivery that their first events share. */
async function sharedBy(orders: readonly PlacedOrder[]): Promise<string> {
  const { orderId } = orders[0] ?? { orderId: '' };
  let name: string | null = null;
  await until('its delivery is named', async () => {
    const row = await world.databases
      .order('outbox')
      .where('event_id', `${orderId}:OrderPlaced`)
      .first('delivery');
    name = row?.delivery ?? null;
    return name !== null;
  });
  expect(name).toMatch(/^events-/);
  return String(name);
}

const apple = { apple: 1 };

it('every order ends by itself, whatever the others in its delivery do', async () => {
  const orders = await placeTogether(apple, { apple: 5_000 }, apple, { ghost: 1 }, apple);
  const [one, short, cancelled, poison, last] = orders as [
    PlacedOrder,
    PlacedOrder,
    PlacedOrder,
    PlacedOrder,
    PlacedOrder,
  ];
  expect(await cancel(world, cancelled)).toBe('cancelling');
  relays.start('order');
  await ends(world, one, 'COMPLETED');
  await ends(world, last, 'COMPLETED');
  await ends(world, short, 'CANCELLED');
  await ends(world, cancelled, 'CANCELLED');
  await ends(world, poison, 'PENDING');
  await sharedBy(orders);
  expect(await stateOf(world, short.orderId)).toMatchObject({ reason: 'insufficient-stock' });
  for (const { orderId } of [one, last]) expect(await netEffect(world, orderId)).toEqual(all);
  const alerts = await world.databases.order('alerts').select('order_id', 'kind');
  expect(alerts).toEqual([{ order_id: poison.orderId, kind: 'event-parked' }]);
  const parked = await world.databases.product('inbox').whereNotNull('parked_at').pluck('order_id');
  expect(parked).toEqual([poison.orderId]);
  expect((await auditOf(world)).violations).toEqual([]);
});

it('events whose rows are free do not wait for one whose row is held', async () => {
  const holder = await world.databases.product.transaction();
  await holder('products').where('product_id', 'pear').forUpdate();
  try {
    const orders = await placeTogether(apple, { pear: 1 }, apple);
    const [one, held, last] = orders as [PlacedOrder, PlacedOrder, PlacedOrder];
    relays.start('order');
    await ends(world, one, 'COMPLETED');
    await ends(world, last, 'COMPLETED');
    await sharedBy(orders);
    expect(await stateOf(world, held.orderId)).toMatchObject({ status: 'PLACING' });
    const inbox = world.databases.product('inbox').where('order_id', held.orderId);
    expect(await inbox.select('tries')).toEqual([]);
    await holder.rollback();
    await ends(world, held, 'COMPLETED');
    await expectAtRest(world);
  } finally {
    await holder.rollback();
  }
});

it('the other orders’ replies do not wait for an order whose row is held', async () => {
  const orders = await placeTogether(apple, apple, apple);
  const [one, held, last] = orders as [PlacedOrder, PlacedOrder, PlacedOrder];
  const holder = await world.databases.order.transaction();
  await holder('orders').where('order_id', held.orderId).forUpdate();
  try {
    relays.start('order');
    await ends(world, one, 'COMPLETED');
    await ends(world, last, 'COMPLETED');
    expect(await stateOf(world, held.orderId)).toMatchObject({ status: 'PLACING' });
    await holder.rollback();
    await ends(world, held, 'COMPLETED');
    await expectAtRest(world);
  } finally {
    await holder.rollback();
  }
});

it('adoption and the auditor see that a shared delivery is open', async () => {
  await world.stopWorker('product');
  await world.stopWorker('point');
  const orders = await placeTogether(apple, apple);
  relays.start('order');
  const delivery = deliveryId(await sharedBy(orders), 'product');
  await until('it is listed', async () => {
    const query = `WorkflowId = "${delivery}" AND ExecutionStatus = "Running"`;
    return (await world.client.workflow.count(query)).count === 1;
  });
  expect(await adoptNow(world)).toBe(0);
  await world.databases.order('outbox').update({ created_at: new Date(0) });
  const report = await auditOf(world);
  expect(report.violations).toEqual([]);
  expect(report.inFlight.map(({ waitsFor }) => waitsFor)).toEqual(['workflow', 'workflow']);
  for (const { orderId } of orders) {
    expect((await stateOf(world, orderId)).owner).toBe(deliveriesOf(orderId));
  }
  await world.startWorker('product');
  await world.startWorker('point');
  for (const order of orders) await ends(world, order, 'COMPLETED');
  await expectAtRest(world);
});

it('adoption delivers every event of a terminated shared delivery', async () => {
  const reached = new Gate();
  world.faults.productReacts = async () => {
    void reached.pass();
    await reached.reached;
    throw new Error('not yet');
  };
  const orders = await placeTogether(apple, apple);
  relays.start('order');
  await reached.reached;
  const delivery = deliveryId(await sharedBy(orders), 'product');
  await world.client.workflow.getHandle(delivery).terminate('pressed');
  world.clearFaults();
  let adopted = 0;
  await until('both are adopted', async () => (adopted += await adoptNow(world)) === 2);
  for (const order of orders) {
    await ends(world, order, 'COMPLETED');
    expect(await netEffect(world, order.orderId)).toEqual(all);
  }
  await expectAtRest(world);
});

describe('a reaction to several events', () => {
  const reactions = (service: Service) => {
    const knex = world.databases[service];
    if (service === 'order') return createOrderReactions(knex, () => undefined).orderReacts;
    const participant = participantOf(service);
    const activities = createParticipantReactions(participant, knex, () => undefined);
    return (activities as Record<string, typeof reacts>)[`${service}Reacts`] ?? reacts;
  };
  type Reacts = ReturnType<typeof createOrderReactions>['orderReacts'];
  const reacts: Reacts = () => Promise.reject(new Error('There is no such reaction'));

  const placed = async (lines: Record<string, number> = apple): Promise<OrderEvent> => {
    const order = await createOrder(world, { lines });
    return eventOf('OrderPlaced', order.orderId, { order });
  };

  it('handles two events of one order, the first one first', async () => {
    const order = await createOrder(world);
    const first = eventOf('OrderPlaced', order.orderId, { order });
    const then = eventOf('OrderCancelled', order.orderId, { order });
    const answers = await reactions('product')([first, then]);
    expect(answers).toMatchObject([
      { kind: 'reacted', emitted: expect.stringContaining('StockDeducted') as string },
      { kind: 'reacted', emitted: expect.stringContaining('StockRestored') as string },
    ]);
    expect(await netEffect(world, order.orderId)).toMatchObject({ stock: 0 });
    await world.databases.empty();
  });

  it('answers a repeat as the first time, and adds nothing', async () => {
    const events = [await placed(), await placed()];
    const first = await reactions('product')(events);
    expect(await reactions('product')([...events].reverse())).toEqual([...first].reverse());
    expect(await world.databases.product('stock_ledger')).toHaveLength(2);
    await world.databases.empty();
  });

  it('counts a fault for the event that has it, and for no other', async () => {
    const [good, bad] = [await placed(), await placed()];
    const unknown = {
      ...bad,
      orderId: 'o-nobody',
      eventId: 'o-nobody:PointsUsed',
      type: 'PointsUsed',
    };
    const reply = eventOf('StockDeducted', good.orderId, {}, good);
    const react = reactions('order');
    for (let tries = 0; tries < 4; tries += 1) {
      await expect(react([reply, unknown as OrderEvent])).rejects.toThrow('o-nobody');
    }
    expect(await react([reply, unknown as OrderEvent])).toMatchObject([
      { kind: 'reacted' },
      { kind: 'parked' },
    ]);
    const inbox = await world.databases.order('inbox').select('event_id', 'tries').orderBy('tries');
    expect(inbox).toEqual([
      { event_id: reply.eventId, tries: 0 },
      { event_id: unknown.eventId, tries: 5 },
    ]);
    await world.databases.empty();
  });

  it('that waits for a locked row fails once the others are handled, to be tried again', async () => {
    const events = [await placed(), await placed({ pear: 1 })];
    const holder = await world.databases.product.transaction();
    await holder('products').where('product_id', 'pear').forUpdate();
    try {
      expect(await reactions('product')(events)).toMatchObject([
        { kind: 'reacted' },
        { kind: 'locked' },
      ]);
      await expect(reactions('product')(events, undefined, 'wait')).rejects.toMatchObject({
        type: 'lock-timeout',
        message: '1 of 2 events need rows that another session has locked',
      });
    } finally {
      await holder.rollback();
    }
    expect(await reactions('product')(events, undefined, 'wait')).toMatchObject([
      { kind: 'reacted' },
      { kind: 'reacted' },
    ]);
    await world.databases.empty();
  });
});
