import { createParticipantActivities } from '../../activities/participant/activities';
import { openDatabase } from '../../activities/database/connection';
import { waitingQueueOf } from '../../contracts/names';
import type { Pattern, PlacedOrder } from '../../contracts/order';
import { product as productParticipant } from '../../contracts/participants/product';
import { createOrderIntake } from '../../activities/order/intake';
import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

/**
 * A row that another session has locked: the step tells of it at once, and its orders are asked for
 * again together, in slots of their own. Waiting for a lock is not failing.
 */

const world = useWorld({
  stock: { held: { available: 1_000 }, free: { available: 1_000 } },
  points: { anna: 1_000 },
});

/** While this runs, another session holds the product's row. */
async function holding<T>(productId: string, work: () => Promise<T>): Promise<T> {
  const holder = await world.databases.product.transaction();
  await holder('products').where('product_id', productId).forUpdate();
  try {
    return await work();
  } finally {
    await holder.rollback();
  }
}

const inBatches = ['saga', 'tcc', 'lock'] as const satisfies Pattern[];
const takes = {
  saga: 'deductStock',
  tcc: 'tryStock',
  lock: 'placeInOneTransaction',
  xa: 'prepareStock',
} as const;

/** Each call of the step: its orders, and what it did about locked rows. */
function watch(step: (typeof takes)[keyof typeof takes]) {
  const calls: { orderIds: string[]; whenHeld: unknown }[] = [];
  world.faults[step] = (run, [commands, whenHeld]) => {
    const orderIds = (commands as { orderId: string }[]).map(({ orderId }) => orderId);
    calls.push({ orderIds, whenHeld });
    return run();
  };
  return calls;
}

async function ordersOf(productId: string, count: number): Promise<PlacedOrder[]> {
  const lines = { [productId]: 1 };
  return Promise.all(Array.from({ length: count }, () => createOrder(world, { lines })));
}

const idsOf = (orders: readonly PlacedOrder[]) => orders.map(({ orderId }) => orderId).sort();

async function haveStatus(orders: readonly PlacedOrder[], status: string): Promise<boolean> {
  const states = await Promise.all(orders.map(({ orderId }) => stateOf(world, orderId)));
  return states.every((state) => state.status === status);
}

afterEach(() => {
  world.clearFaults();
});

it('a step that is told to tell does not wait for the row', async () => {
  const url = world.databases.url('product_worker', 'product');
  // A wait would take longer than this test may.
  const pool = openDatabase({ url, poolMax: 1, lockWaitSMax: 100 });
  try {
    const product = createParticipantActivities(productParticipant, pool);
    const commandOf = (productId: string) => ({
      orderId: `o-${productId}`,
      lines: [{ productId, quantity: 1 }],
    });
    const commands = ['free', 'held'].map(commandOf);
    await holding('held', async () => {
      expect(await product.deductStock(commands, 'tell')).toEqual([
        { kind: 'done' },
        { kind: 'locked' },
      ]);
    });
    expect(await product.deductStock(commands, 'tell')).toEqual([
      { kind: 'done' },
      { kind: 'done' },
    ]);
  } finally {
    await pool.destroy();
  }
});

describe.each(inBatches)('%s', (pattern) => {
  it('asks again for all held orders together, and only for them', async () => {
    const calls = watch(takes[pattern]);
    const held = await ordersOf('held', 10);
    const free = await ordersOf('free', 5);
    await holding('held', async () => {
      await startOrders(world, pattern, [...held, ...free]);
      await until('the others are completed', () => haveStatus(free, 'COMPLETED'));
      await until('the held ones are asked for three times', () => calls.length >= 3);
      expect(await haveStatus(held, 'PLACING')).toBe(true);
    });
    await until('the held ones are completed too', () => haveStatus(held, 'COMPLETED'));
    const [first, ...again] = calls;
    expect(first).toMatchObject({ whenHeld: 'tell' });
    for (const { orderIds, whenHeld } of again) {
      expect({ orderIds: orderIds.sort(), whenHeld }).toEqual({
        orderIds: idsOf(held),
        whenHeld: 'wait',
      });
    }
  });
});

// TCC's try shares the saga's code.
describe.each(['saga', 'lock', 'xa'] as const)('%s, held', (pattern) => {
  it('waits in slots of its own', async () => {
    const calls = watch(takes[pattern]);
    const [order] = await ordersOf('held', 1);
    if (!order) throw new Error('no order');
    const handle = await holding('held', async () => {
      const started = await startOrders(world, pattern, [order]);
      await until('it is asked for again', () => calls.length >= 2);
      return started;
    });
    await until('it is completed', () => haveStatus([order], 'COMPLETED'));
    const { events } = await handle.fetchHistory();
    const queues = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: asked }) =>
      asked?.activityType?.name === takes[pattern] ? [asked.taskQueue?.name] : [],
    );
    const waiting = waitingQueueOf(pattern === 'lock' ? 'lock' : 'product');
    expect(queues.slice(1)).toEqual(queues.slice(1).map(() => waiting));
    expect(queues[0]).toBe(pattern === 'lock' ? 'lock' : 'product');
  });

  it('waits for longer than a failing step is tried, and is completed', async () => {
    const calls = watch(takes[pattern]);
    const orders = await ordersOf('held', 2);
    const timing = { ...hurriedTiming, actionMsMax: 300, heldMsMax: 60_000 };
    await holding('held', async () => {
      const beganAt = performance.now();
      await startOrders(world, pattern, orders, timing);
      await until('it has waited for longer than that', () => {
        return calls.length >= 3 && performance.now() - beganAt > 3 * timing.actionMsMax;
      });
    });
    await until('they are completed', () => haveStatus(orders, 'COMPLETED'));
  });

  it('is cancelled as unavailable when it has waited long enough', async () => {
    const orders = await ordersOf('held', 2);
    await holding('held', async () => {
      await startOrders(world, pattern, orders, { ...hurriedTiming, heldMsMax: 500 });
      await until('they are cancelled', () => haveStatus(orders, 'CANCELLED'));
    });
    for (const { orderId } of orders) {
      expect(await stateOf(world, orderId)).toMatchObject({ reason: 'unavailable' });
      expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: 0 });
    }
  });

  it('waits no longer once its customer cancels it', async () => {
    const calls = watch(takes[pattern]);
    const [order, other] = await ordersOf('held', 2);
    if (!order || !other) throw new Error('no order');
    await holding('held', async () => {
      await startOrders(world, pattern, [order, other], { ...hurriedTiming, heldMsMax: 60_000 });
      await until('they are asked for again', () => calls.length >= 3);
      await createOrderIntake(world.databases.order).cancelOrder(order.orderId);
      await until('it is cancelled', () => haveStatus([order], 'CANCELLED'));
      expect(await haveStatus([other], 'PLACING')).toBe(true);
    });
    await until('the other one is completed', () => haveStatus([other], 'COMPLETED'));
    expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
  });
});
