import { createOrder, place, stateOf } from '../support/orders';
import { useWorld } from '../support/use-world';
import { away, entry, trail, unconfirmed } from './pending';
import { expectClean, holdings, statesOf } from './reservations';
import { adopt, force, resolve } from './schedule-runs';

/** What an operator may do with a PENDING order. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 10_000 } });

const untouched = { stock: { apple: '1000+0' }, points: { anna: '10000+0' } };

it('confirms at once what recovery would confirm later, and is recorded', async () => {
  const order = await unconfirmed(world, 'confirmStock');
  expect(await resolve(world, order.orderId, 'confirm')).toEqual({ outcome: 'completed' });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'COMPLETED' });
  expect(await trail(world, order.orderId)).toEqual([entry('confirm', 'completed')]);
  await expectClean(world);
});

it('a confirm that fails again leaves the order PENDING for recovery', async () => {
  const order = await unconfirmed(world, 'confirmStock');
  world.faults.confirmStock = away;
  expect(await resolve(world, order.orderId, 'confirm')).toEqual({ outcome: 'pending' });
  expect(await trail(world, order.orderId)).toEqual([entry('confirm', 'pending')]);
  delete world.faults.confirmStock;
  expect(await adopt(world)).toEqual({ adopted: 0 });
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});

it('cancels after COMPLETE: freezes all, changes the decision, then gives all back', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const seen: unknown[] = [];
  world.faults.overturnDecision = async (run) => {
    seen.push(await statesOf(world, order.orderId));
    return run();
  };
  world.faults.cancelStock = async (run) => {
    seen.push((await stateOf(world, order.orderId)).decision);
    return run();
  };
  expect(await resolve(world, order.orderId, 'cancel')).toEqual({ outcome: 'cancelled' });
  expect(seen).toEqual([['frozen', 'frozen'], 'CANCEL']);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'CANCELLED',
    decision: 'CANCEL',
    reason: 'cancelled-by-operator',
  });
  expect(await holdings(world)).toEqual(untouched);
  expect(await trail(world, order.orderId)).toEqual([entry('cancel', 'cancelled')]);
  await expectClean(world);
});

it('does not cancel an order that is partly confirmed: thaws and completes it', async () => {
  const order = await unconfirmed(world, 'confirmPoints');
  let overturned = 0;
  world.faults.overturnDecision = (run) => {
    overturned += 1;
    return run();
  };
  expect(await resolve(world, order.orderId, 'cancel')).toEqual({ outcome: 'unsafe' });
  expect(overturned).toBe(0);
  expect(await statesOf(world, order.orderId)).toEqual(['confirmed', 'reserved']);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'PENDING',
    decision: 'COMPLETE',
  });
  expect(await trail(world, order.orderId)).toEqual([entry('cancel', 'unsafe')]);
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});

it('does not cancel if a participant cannot freeze, and thaws it once it is back', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  let frozen = 0;
  world.faults.freezePoints = async (run) => {
    // It freezes, but its reply is lost.
    await run();
    frozen += 1;
    throw new Error('the reply is lost, every time');
  };
  expect(await resolve(world, order.orderId, 'cancel')).toEqual({ outcome: 'unsafe' });
  expect(frozen).toBeGreaterThan(0);
  expect(await statesOf(world, order.orderId)).toEqual(['reserved', 'reserved']);
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});

it('cancels and retries an undecided order of any pattern', async () => {
  const broken = [
    await createOrder(world, { lines: { ghost: 1 } }),
    await createOrder(world, { lines: { ghost: 1 } }),
    await createOrder(world, { lines: { ghost: 1 } }),
  ];
  const [first, second, third] = broken.map(({ orderId }) => orderId);
  if (!first || !second || !third) throw new Error('There are three');
  await place(world, broken.slice(0, 2), 'tcc');
  await place(world, broken.slice(2), 'saga');
  expect(await resolve(world, first, 'confirm')).toEqual({ outcome: 'unsafe' });
  expect(await resolve(world, first, 'cancel')).toEqual({ outcome: 'cancelled' });
  expect(await stateOf(world, first)).toMatchObject({ reason: 'cancelled-by-operator' });
  expect(await resolve(world, second, 'retry')).toEqual({ outcome: 'pending' });
  await world.databases.stock({ ghost: { available: 5 } });
  expect(await resolve(world, second, 'retry')).toEqual({ outcome: 'completed' });
  expect(await resolve(world, third, 'retry')).toEqual({ outcome: 'completed' });
  expect(await trail(world, second)).toEqual([
    entry('retry', 'pending'),
    entry('retry', 'completed'),
  ]);
  await expectClean(world);
});

it('cancels an order decided CANCEL again, does not confirm it, and leaves ended ones alone', async () => {
  const order = await createOrder(world, { lines: { apple: 3 }, unitPrice: 1_000_000 });
  world.faults.cancelStock = away;
  await place(world, [order], 'tcc');
  expect(await resolve(world, order.orderId, 'confirm')).toEqual({ outcome: 'unsafe' });
  delete world.faults.cancelStock;
  expect(await resolve(world, order.orderId, 'cancel')).toEqual({ outcome: 'cancelled' });
  expect(await resolve(world, order.orderId, 'retry')).toEqual({ outcome: 'not-pending' });
  expect(await trail(world, order.orderId)).toEqual([
    entry('confirm', 'unsafe'),
    entry('cancel', 'cancelled'),
    entry('retry', 'not-pending'),
  ]);
  await expectClean(world);
});
