import type { PlacedOrder } from '../../contracts/order';
import { createOrder, Gate, netEffect, stateOf, until } from '../support/orders';
import { createWorld, type World } from '../support/world';
import { startRelays, type Relays } from '../support/relays';
import { auditOf, cancel, ends, expectClean, placeByEvents, saidOf } from './support';

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
  world.clearFaults();
});

const nothing = { stock: 0, points: 0 };
const all = { stock: -1, points: -1 };

/** Holds an activity's next call at a gate, before it is made. */
function hold(name: 'productReacts' | 'pointReacts' | 'orderReacts'): Gate {
  const gate = new Gate();
  world.faults[name] = async (run) => {
    await gate.pass();
    return run();
  };
  return gate;
}

describe('the customer’s cancel', () => {
  it('before any reply: the first one finds CANCEL, and all is given back', async () => {
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
    await expectClean(world);
  });

  it('between the replies: who comes late finds the tombstone, and takes nothing', async () => {
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
    await expectClean(world);
  });

  it('when both have taken, just before the decision: CANCEL was first', async () => {
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
    await expectClean(world);
  });

  it('after COMPLETE: refused', async () => {
    const order = await createOrder(world);
    await placeByEvents(world, order);
    await ends(world, order, 'COMPLETED');
    expect(await cancel(world, order)).toBe('completed');
    expect(await netEffect(world, order.orderId)).toEqual(all);
    await expectClean(world);
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
    await expectClean(world);
  });
});

describe('a relay', () => {
  it('killed between handing over and marking: the next one hands over again', async () => {
    await relays.stop('order');
    const killed = new Gate();
    let handedOver = 0;
    const order = await createOrder(world);
    await placeByEvents(world, order);
    const dying = relays.start('order', {
      beforeMarking: async () => {
        handedOver += 1;
        await killed.pass();
        throw new Error('killed');
      },
    });
    await killed.reached;
    const unsent = await world.databases.order('outbox').whereNull('sent_at').pluck('type');
    expect([handedOver, unsent]).toEqual([1, ['OrderPlaced']]);
    relays.start('order');
    await ends(world, order, 'COMPLETED');
    killed.open();
    await dying.close();
    expect(await netEffect(world, order.orderId)).toEqual(all);
    await expectClean(world);
  });

  it('is harmless twice: one delivery workflow for each subscriber', async () => {
    relays.start('order');
    const orders: PlacedOrder[] = [];
    for (let i = 0; i < 10; i += 1) orders.push(await createOrder(world));
    for (const order of orders) await placeByEvents(world, order);
    for (const order of orders) await ends(world, order, 'COMPLETED');
    for (const order of orders) expect(await netEffect(world, order.orderId)).toEqual(all);
    await expectClean(world);
  });

  it('waits for a Temporal that is away, and then sends what was said meanwhile', async () => {
    await relays.stop('order');
    relays.warnings.length = 0;
    let away = true;
    const client = new Proxy(world.client.workflow, {
      get(target, property, receiver) {
        if (property === 'start' && away) {
          return () => Promise.reject(new Error('UNAVAILABLE'));
        }
        return Reflect.get(target, property, receiver) as unknown;
      },
    });
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
    await expectClean(world);
  });
});

describe('a consumer', () => {
  it.each(['productReacts', 'pointReacts', 'orderReacts'] as const)(
    'killed between its commit and its answer reacts once: %s',
    async (name) => {
      let lost = 0;
      const emitted: unknown[] = [];
      world.faults[name] = async (run) => {
        const delivery = await run();
        emitted.push(delivery);
        if (lost > 0) return delivery;
        lost += 1;
        throw new Error('killed after the commit');
      };
      const order = await createOrder(world);
      await placeByEvents(world, order);
      await ends(world, order, 'COMPLETED');
      await until('it was asked again', () => emitted.length >= 2);
      expect(lost).toBe(1);
      expect(await netEffect(world, order.orderId)).toEqual(all);
      await expectClean(world);
    },
  );

  it('whose process is away for long catches up with all that was said', async () => {
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
    await expectClean(world);
  });
});
