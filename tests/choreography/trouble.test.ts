import type { OrderEvent } from '../../contracts/events';
import type { PlacedOrder } from '../../contracts/order';
import { ends, createOrder, Gate, netEffect, stateOf, until } from '../support/orders';
import { createWorld, type World } from '../support/world';
import { quiet, startRelays, type Relays } from '../support/relays';
import { expectAtRest } from '../support/audited';
import { cancel, placeByEvents, saidOf } from './support';

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

const nothing = { stock: 0, points: 0 };
const all = { stock: -1, points: -1 };

/** Holds an activity's next call at a gate. */
function hold(name: 'productReacts' | 'pointReacts' | 'orderReacts'): Gate {
  const gate = new Gate();
  world.faults[name] = async (run) => {
    await gate.pass();
    return run();
  };
  return gate;
}

describe('the customer’s cancel', () => {
  it('before any reply: the first reply finds CANCEL, and everything is given back', async () => {
    const [stock, points] = [hold('productReacts'), hold('pointReacts')];
    const order = await createOrder(world);
    await placeByEvents(world, order);
    await Promise.all([stock.reached, points.reached]);
    expect(await cancel(world, order)).toBe('cancelling');
    stock.open();
    points.open();
    await ends(world, order, 'CANCELLED');
    expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'cancelled-by-customer' });
    expect(await netEffect(world, order.orderId)).toEqual(nothing);
    await expectAtRest(world);
  });

  it('between the replies: the late participant finds the tombstone and takes nothing', async () => {
    const points = hold('pointReacts');
    const order = await createOrder(world);
    await placeByEvents(world, order);
    await points.reached;
    await until('the order service has heard of the stock', async () =>
      (await saidOf(world, 'order', order)).includes('ReplyNoted'),
    );
    expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: 0 });
    expect(await cancel(world, order)).toBe('cancelling');
    points.open();
    await ends(world, order, 'CANCELLED');
    expect(await netEffect(world, order.orderId)).toEqual(nothing);
    expect(await saidOf(world, 'product', order)).toContain('StockRestored');
    await expectAtRest(world);
  });

  it('when both have taken, just before the decision: CANCEL wins', async () => {
    const decision = hold('orderReacts');
    const order = await createOrder(world);
    await placeByEvents(world, order);
    await decision.reached;
    await until('both have taken', async () => {
      const net = await netEffect(world, order.orderId);
      return net.stock === -1 && net.points === -1;
    });
    expect(await cancel(world, order)).toBe('cancelling');
    decision.open();
    await ends(world, order, 'CANCELLED');
    expect(await netEffect(world, order.orderId)).toEqual(nothing);
    await expectAtRest(world);
  });

  it('after COMPLETE: refused', async () => {
    const order = await createOrder(world);
    await placeByEvents(world, order);
    await ends(world, order, 'COMPLETED');
    expect(await cancel(world, order)).toBe('completed');
    expect(await netEffect(world, order.orderId)).toEqual(all);
    await expectAtRest(world);
  });
});

describe('placing', () => {
  it('claims nothing when the event cannot be written', async () => {
    const order = await createOrder(world);
    await world.databases.order.raw('RENAME TABLE outbox TO outbox_away');
    await expect(placeByEvents(world, order)).rejects.toThrow('outbox');
    await world.databases.order.raw('RENAME TABLE outbox_away TO outbox');
    expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CREATED', owner: null });
    await placeByEvents(world, order);
    await ends(world, order, 'COMPLETED');
    await expectAtRest(world);
  });
});

describe('a consumer', () => {
  it.each(['productReacts', 'pointReacts', 'orderReacts'] as const)(
    'that is killed between its commit and its answer reacts once: %s',
    async (name) => {
      const answers = new Map<string, unknown[]>();
      let lost: string | undefined;
      world.faults[name] = async (run, [events]) => {
        const eventId = (events as OrderEvent[])[0]?.eventId ?? '';
        const deliveries = await run();
        answers.set(eventId, [...(answers.get(eventId) ?? []), deliveries]);
        if (lost !== undefined) return deliveries;
        lost = eventId;
        throw new Error('killed after the commit');
      };
      const order = await createOrder(world);
      await placeByEvents(world, order);
      await ends(world, order, 'COMPLETED');
      const ofTheLost = () => answers.get(lost ?? '') ?? [];
      await until('it was asked again', () => ofTheLost().length >= 2);
      // The second time it returns the event that it emitted the first time.
      const [first] = ofTheLost();
      expect(ofTheLost()).toEqual([first, first]);
      expect(first).toMatchObject([
        { kind: 'reacted', emitted: expect.stringMatching(/:/) as string },
      ]);
      expect(await netEffect(world, order.orderId)).toEqual(all);
      await expectAtRest(world);
    },
  );

  it('whose process is down for long catches up with every event', async () => {
    await world.stopWorker('product');
    const orders: PlacedOrder[] = [];
    for (let i = 0; i < 5; i += 1) orders.push(await createOrder(world));
    for (const order of orders) await placeByEvents(world, order);
    await until('the points are used', async () => {
      const nets = await Promise.all(orders.map(({ orderId }) => netEffect(world, orderId)));
      return nets.every(({ points }) => points === -1);
    });
    await world.startWorker('product');
    for (const order of orders) await ends(world, order, 'COMPLETED');
    await expectAtRest(world);
  });
});
