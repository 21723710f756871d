import { setTimeout as sleep } from 'node:timers/promises';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { DrainInput } from '../../contracts/workflows';
import { createOrder, netEffect, place, runOnce, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 100 } });

const drain = () =>
  runOnce(world, workflowTypes.drainCompensations, {
    timing: hurriedTiming,
    limit: 100,
  } satisfies DrainInput);

const makeDue = () => world.databases.order('compensations').update({ next_retry_at: new Date(0) });

const registry = () =>
  world.databases.order('compensations').select('order_id', 'step', 'status', 'attempts');

/** An order that takes stock and has too few points, so its stock must be given back. */
const tooDear = { lines: { apple: 3 }, unitPrice: 1_000 };

it('registers a compensation that keeps failing, raises an alert, and drains it', async () => {
  const order = await createOrder(world, tooDear);
  let tries = 0;
  world.faults.restoreStock = () => {
    tries += 1;
    return Promise.reject(new Error('the shelf is on fire'));
  };
  expect(await place(world, [order])).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  expect(tries).toBe(hurriedTiming.compensationAttemptsMax);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'PENDING',
    decision: 'CANCEL',
    reason: 'insufficient-points',
  });
  const row = { order_id: order.orderId, step: 'restoreStock' };
  expect(await registry()).toEqual([{ ...row, status: 'PENDING', attempts: 0 }]);
  const alert: unknown = await world.databases.order('alerts').first();
  expect(alert).toMatchObject({
    kind: 'compensation-failing',
    order_id: order.orderId,
    runbook: 'docs/runbooks/compensation-failing.md',
    detail: 'restoreStock: the shelf is on fire',
    resolved_at: null,
  });

  // Not due yet: the drain leaves it alone.
  expect(await drain()).toEqual({ madeGood: 0, failed: 0 });
  // Due, and still failing: one try per run, then it is due again later.
  await makeDue();
  expect(await drain()).toEqual({ madeGood: 0, failed: 1 });
  expect(tries).toBe(hurriedTiming.compensationAttemptsMax + 1);
  expect(await registry()).toEqual([{ ...row, status: 'PENDING', attempts: 1 }]);
  expect(await drain()).toEqual({ madeGood: 0, failed: 0 });

  // The fault is removed: the order ends, and its alert is resolved.
  delete world.faults.restoreStock;
  await makeDue();
  expect(await drain()).toEqual({ madeGood: 1, failed: 0 });
  expect(await registry()).toEqual([{ ...row, status: 'DONE', attempts: 1 }]);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED' });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
  expect(await world.databases.order('alerts').whereNull('resolved_at')).toEqual([]);
});

/** Registers both compensations of this order: both effects are made, and no compensation is. */
async function registerBoth(order: PlacedOrder): Promise<void> {
  world.faults.decideOrders = async (run) => {
    await world.databases
      .order('orders')
      .where('order_id', order.orderId)
      .update({ decision: 'CANCEL', reason: 'cancelled-by-customer' });
    return run();
  };
  world.faults.restoreStock = () => Promise.reject(new Error('no'));
  world.faults.refundPoints = () => Promise.reject(new Error('no'));
  await place(world, [order]);
  expect(await registry()).toHaveLength(2);
}

it('ends the order only with its last row', async () => {
  const order = await createOrder(world, { lines: { apple: 1 } });
  await registerBoth(order);

  delete world.faults.restoreStock;
  await makeDue();
  expect(await drain()).toEqual({ madeGood: 1, failed: 1 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PENDING' });

  delete world.faults.refundPoints;
  await makeDue();
  expect(await drain()).toEqual({ madeGood: 1, failed: 0 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED' });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
});

it('records the results of two participants in turn, so neither skips a row for the other', async () => {
  const order = await createOrder(world, { lines: { apple: 1 } });
  await registerBoth(order);
  delete world.faults.restoreStock;
  delete world.faults.refundPoints;
  let recording = 0;
  const atOnce: number[] = [];
  world.faults.recordCompensations = async (run) => {
    atOnce.push((recording += 1));
    await sleep(50);
    await run();
    recording -= 1;
  };
  await makeDue();
  expect(await drain()).toEqual({ madeGood: 2, failed: 0 });
  expect(atOnce).toEqual([1, 1]);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED' });
});

it('registers nothing for an order that another workflow has ended', async () => {
  const order = await createOrder(world, tooDear);
  world.faults.restoreStock = async (run) => {
    await run();
    throw new Error('the reply is lost, every time');
  };
  world.faults.registerCompensations = async (run) => {
    await world.databases
      .order('orders')
      .where('order_id', order.orderId)
      .update({ status: 'CANCELLED' });
    return run();
  };
  await place(world, [order]);
  expect(await registry()).toEqual([]);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED' });
});

it('continues the batch’s other orders if one compensation is broken', async () => {
  const spoilt = await createOrder(world, tooDear);
  const fine = await createOrder(world, tooDear);
  world.faults.decideOrders = async (run) => {
    const decisions = await run();
    // The effect is made, and the barrier row now has the hash of other content.
    await world.databases
      .product('steps')
      .where({ order_id: spoilt.orderId, step: 'deductStock' })
      .update({ hash: 'v1:other' });
    return decisions;
  };
  expect(await place(world, [spoilt, fine])).toEqual({ completed: 0, cancelled: 1, pending: 1 });
  expect(await stateOf(world, fine.orderId)).toMatchObject({ status: 'CANCELLED' });
  const errors = await world.databases.order('compensations').pluck('last_error');
  expect(errors).toEqual(['broken: content-mismatch']);
});

it('never gives up, however often the compensation has failed', async () => {
  const order = await createOrder(world, tooDear);
  world.faults.restoreStock = () => Promise.reject(new Error('the shelf is on fire'));
  await place(world, [order]);
  // After a week of failures: two to the power of this count exceeds MySQL's range.
  await world.databases.order('compensations').update({ attempts: 5_000 });
  await makeDue();
  expect(await drain()).toEqual({ madeGood: 0, failed: 1 });
  expect(await registry()).toMatchObject([{ status: 'PENDING', attempts: 5_001 }]);
});

it('gives nothing back for an order that is not cancelled, whatever the registry says', async () => {
  const order = await createOrder(world);
  await place(world, [order]);
  await world.databases.order('compensations').insert({
    order_id: order.orderId,
    step: 'restoreStock',
    next_retry_at: new Date(0),
    last_error: 'written by hand',
  });
  expect(await drain()).toEqual({ madeGood: 0, failed: 0 });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
});
