import { workflowTypes } from '../../contracts/names';
import { createOrder, Gate, netEffect, startOrders, startRun } from '../support/orders';
import { stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { away, entry, trail, unconfirmed } from './pending';
import { expectClean, holdings, statesOf } from './reservations';
import { adopt, force, resolutionOf, resolve, sweep } from './schedule-runs';

/** What may come between an operator's freeze, the overturn and the cancel. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 10_000 } });

const untouched = { stock: { apple: '1000+0' }, points: { anna: '10000+0' } };

/** A read of the decisions returns once the gate is opened, with the old values. */
function holdReading(): { reached: Promise<void>; open(): void } {
  const gate = new Gate();
  let isOpen = false;
  let standings: Promise<unknown> | undefined;
  world.faults.readDecisions = async (run) => {
    if (isOpen) return run();
    // The same at each attempt, because on a busy machine the first may time out before the gate
    // opens.
    standings ??= run();
    await gate.pass();
    return standings;
  };
  return {
    reached: gate.reached,
    open() {
      isOpen = true;
      gate.open();
    },
  };
}

it('a concurrent confirm finds the reservation frozen: the sweep holds, and the cancel continues', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const gate = new Gate();
  world.faults.overturnDecision = async (run) => {
    await gate.pass();
    return run();
  };
  const cancel = await startRun(
    world,
    workflowTypes.resolveOrder,
    resolutionOf(order.orderId, 'cancel'),
  );
  await gate.reached;
  expect(await sweep(world)).toEqual({ confirmed: 0, cancelled: 0, held: 2 });
  expect(await force(world)).toEqual({ completed: 0, pending: 1 });
  expect(await adopt(world)).toEqual({ adopted: 0 });
  gate.open();
  expect(await cancel.result()).toEqual({ outcome: 'cancelled' });
  expect(await holdings(world)).toEqual(untouched);
  await expectClean(world);
});

it('a sweep that read COMPLETE before the decision changed does no harm and raises no alarm', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const read = holdReading();
  const swept = await startRun(world, workflowTypes.sweepReservations, {
    timing: hurriedTiming,
    olderThanMs: 0,
    limit: 10,
  });
  await read.reached;
  expect(await resolve(world, order.orderId, 'cancel')).toEqual({ outcome: 'cancelled' });
  read.open();
  expect(await swept.result()).toEqual({ confirmed: 0, cancelled: 0, held: 2 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'CANCELLED' });
  expect(await world.databases.order('alerts').whereNull('resolved_at')).toEqual([]);
  expect(await holdings(world)).toEqual(untouched);
  await expectClean(world);
});

it('a confirm between the cancels and the order’s end is refused without an alarm', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const read = holdReading();
  const closing = new Gate();
  world.faults.closeOrders = async (run) => {
    await closing.pass();
    return run();
  };
  const input = { timing: hurriedTiming, olderThanMs: 0, limit: 10 };
  const swept = await startRun(world, workflowTypes.sweepReservations, input);
  await read.reached;
  const cancel = await startRun(
    world,
    workflowTypes.resolveOrder,
    resolutionOf(order.orderId, 'cancel'),
  );
  await closing.reached;
  read.open();
  await swept.result();
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PENDING' });
  const kinds = await world.databases.order('alerts').pluck('kind');
  expect(kinds).toEqual(['confirmation-failing']);
  closing.open();
  expect(await cancel.result()).toEqual({ outcome: 'cancelled' });
  await expectClean(world);
});

it('a sweep that confirms between the two freezes wins, and the cancel is undone', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const stockFrozen = new Gate();
  world.faults.freezePoints = async (run) => {
    await stockFrozen.pass();
    return run();
  };
  const cancel = await startRun(
    world,
    workflowTypes.resolveOrder,
    resolutionOf(order.orderId, 'cancel'),
  );
  await stockFrozen.reached;
  await until('the stock is frozen', async () => {
    return (await statesOf(world, order.orderId)).join() === 'frozen,reserved';
  });
  expect(await sweep(world)).toEqual({ confirmed: 1, cancelled: 0, held: 1 });
  stockFrozen.open();
  expect(await cancel.result()).toEqual({ outcome: 'unsafe' });
  expect(await statesOf(world, order.orderId)).toEqual(['reserved', 'confirmed']);
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -3 });
  await expectClean(world);
});

it('a resolution that is terminated while everything is frozen loses nothing: its adopter thaws', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const gate = new Gate();
  const late: unknown[] = [];
  world.faults.overturnDecision = async (run) => {
    await gate.pass();
    late.push(await run());
    return late[0];
  };
  const cancel = await startRun(
    world,
    workflowTypes.resolveOrder,
    resolutionOf(order.orderId, 'cancel'),
  );
  await gate.reached;
  await cancel.terminate('an operator pressed Terminate');
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await until('it is completed', async () => {
    return (await stateOf(world, order.orderId)).status === 'COMPLETED';
  });
  // The delayed overturn arrives now, and must have no effect.
  gate.open();
  await until('the late change was answered', () => late.length > 0);
  expect(late).toEqual([false]);
  expect(await stateOf(world, order.orderId)).toMatchObject({ decision: 'COMPLETE' });
  // Its adopter has recorded the resolution's result, because the resolution could not.
  expect(await trail(world, order.orderId)).toEqual([entry('cancel', 'pending')]);
  await expectClean(world);
});

it('an overturn after the order has a newer owner has no effect', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  world.faults.overturnDecision = async (run) => {
    await world.databases
      .order('orders')
      .where('order_id', order.orderId)
      .update({ owner: 'somebody-newer' });
    return run();
  };
  expect(await resolve(world, order.orderId, 'cancel')).toEqual({ outcome: 'unsafe' });
  expect(await stateOf(world, order.orderId)).toMatchObject({ decision: 'COMPLETE' });
  expect(await statesOf(world, order.orderId)).toEqual(['reserved', 'reserved']);
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});

it('two operators at once both get an answer, and the order has one end', async () => {
  const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const answers = await Promise.all([
    resolve(world, order.orderId, 'cancel'),
    resolve(world, order.orderId, 'confirm'),
    resolve(world, order.orderId, 'cancel'),
  ]);
  expect(answers).toHaveLength(3);
  await force(world);
  const { status } = await stateOf(world, order.orderId);
  expect(['COMPLETED', 'CANCELLED']).toContain(status);
  await expectClean(world);
});

it('a running confirmation waits while its order is frozen, then continues', async () => {
  const order = await createOrder(world, { lines: { apple: 3 } });
  const gate = new Gate();
  let confirms = 0;
  world.faults.confirmPoints = async (run) => {
    confirms += 1;
    await gate.pass();
    return run();
  };
  world.faults.confirmStock = away;
  const handle = await startOrders(world, 'tcc', [order]);
  await gate.reached;
  await world.databases.point('reservations').update({ state: 'frozen', resolution: 1 });
  gate.open();
  await until('it was found frozen, and asked again', () => confirms > 1);
  expect(await handle.result()).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  await world.databases.point('reservations').update({ state: 'reserved' });
  world.clearFaults();
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});
