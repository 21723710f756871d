import { ends, createOrder, netEffect, place, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { openAlerts, pending } from './pending';
import { expectClean, statesOf } from './reservations';
import { adopt, force } from './schedule-runs';

/** A decision that cannot be carried out: how the order waits, and what ends it. */

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000 },
});

it('a confirm that keeps failing leaves its order PENDING, and is forced later', async () => {
  const order = await createOrder(world, { lines: { apple: 3 } });
  let tries = 0;
  world.faults.confirmPoints = () => {
    tries += 1;
    return Promise.reject(new Error('the bank is closed'));
  };
  expect(await place(world, [order], 'tcc')).toEqual(pending);
  expect(tries).toBe(hurriedTiming.confirmAttemptsMax);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'PENDING',
    decision: 'COMPLETE',
  });
  expect(await statesOf(world, order.orderId)).toEqual(['confirmed', 'reserved']);
  const alert = {
    kind: 'confirmation-failing',
    order_id: order.orderId,
    detail: 'confirmPoints: the bank is closed',
  };
  expect(await openAlerts(world)).toEqual([alert]);

  // Adoption leaves it to forced confirmation, which never gives up.
  expect(await adopt(world)).toEqual({ adopted: 0 });
  expect(await force(world)).toEqual({ completed: 0, pending: 1 });
  expect(tries).toBe(hurriedTiming.confirmAttemptsMax + 1);
  expect(await openAlerts(world)).toEqual([alert]);

  delete world.faults.confirmPoints;
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'COMPLETED' });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -3 });
  expect(await openAlerts(world)).toEqual([]);
  await expectClean(world);
});

it('forced confirmation takes more orders than one query returns, each only after its time', async () => {
  const orders = [];
  for (let i = 0; i < 5; i += 1) orders.push(await createOrder(world));
  world.faults.confirmStock = () => Promise.reject(new Error('away'));
  expect(await place(world, orders, 'tcc')).toEqual({ ...pending, pending: 5 });
  delete world.faults.confirmStock;
  const young = orders[2]?.orderId ?? '';
  const later = world.databases.order.raw('NOW(6) + INTERVAL 1 HOUR');
  await world.databases.order('alerts').where('order_id', young).update({ raised_at: later });
  expect(await force(world)).toEqual({ completed: 4, pending: 0 });
  expect(await stateOf(world, young)).toMatchObject({ status: 'PENDING' });
  await world.databases.order('alerts').update({ raised_at: new Date(0) });
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});

it('a forced confirmation does not wait for other orders’ locked rows', async () => {
  const free = await createOrder(world);
  const held = await createOrder(world, { lines: { rare: 1 } });
  world.faults.confirmStock = () => Promise.reject(new Error('away'));
  expect(await place(world, [free, held], 'tcc')).toEqual({ ...pending, pending: 2 });
  const holder = await world.databases.product.transaction();
  let calls = 0;
  let waited = false;
  world.faults.confirmStock = async (run) => {
    calls += 1;
    // The locked order, alone, meanwhile its neighbour ends.
    if (calls === 2) {
      await ends(world, free, 'COMPLETED');
      waited = true;
    }
    return run();
  };
  try {
    await holder('products').where('product_id', 'rare').forUpdate();
    const timing = { ...hurriedTiming, attemptMsMax: 60_000, actionMsMax: 60_000 };
    expect(await force(world, { timing })).toEqual({ completed: 1, pending: 1 });
  } finally {
    await holder.rollback();
  }
  expect({ calls, waited }).toEqual({ calls: 2, waited: true });
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});

it('a confirm whose reply is lost has one effect', async () => {
  const order = await createOrder(world);
  let lost = 0;
  world.faults.confirmStock = async (run) => {
    const outcome = await run();
    lost += 1;
    if (lost === 1) throw new Error('the reply is lost');
    return outcome;
  };
  expect(await place(world, [order], 'tcc')).toMatchObject({ completed: 1 });
  expect(lost).toBe(2);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
  await expectClean(world);
});

it('a cancel that keeps failing leaves its order PENDING, and adoption ends it', async () => {
  const order = await createOrder(world, { lines: { apple: 3 }, unitPrice: 1_000_000 });
  world.faults.cancelStock = () => Promise.reject(new Error('the shelf is on fire'));
  expect(await place(world, [order], 'tcc')).toEqual(pending);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'PENDING',
    decision: 'CANCEL',
    reason: 'insufficient-points',
  });
  expect(await openAlerts(world)).toEqual([
    {
      kind: 'cancellation-failing',
      order_id: order.orderId,
      detail: 'cancelStock: the shelf is on fire',
    },
  ]);
  delete world.faults.cancelStock;
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await ends(world, order, 'CANCELLED');
  expect(await openAlerts(world)).toEqual([]);
  await expectClean(world);
});

it('a confirm without a reservation raises an alarm, and recovery leaves it alone', async () => {
  const order = await createOrder(world);
  world.faults.decideOrders = async (run) => {
    const decisions = await run();
    const orderId = order.orderId;
    await world.databases.product('steps').where({ order_id: orderId, step: 'tryStock' }).delete();
    return decisions;
  };
  expect(await place(world, [order], 'tcc')).toEqual(pending);
  expect(await openAlerts(world)).toEqual([
    {
      kind: 'broken-step',
      order_id: order.orderId,
      detail: 'confirmStock: confirm-without-reservation',
    },
  ]);
  expect(await force(world)).toEqual({ completed: 0, pending: 0 });
  expect(await adopt(world)).toEqual({ adopted: 0 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PENDING' });
});
