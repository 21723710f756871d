import { recoveryKinds } from '../../contracts/recovery';
import { createOrder, claim, Gate, netEffect, place } from '../support/orders';
import { startOrders, stateOf, until } from '../support/orders';
import { recoverOnly, startRecovery } from '../support/recovery';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { away, unconfirmed } from './pending';
import { expectClean, holdings, statesOf } from './reservations';

/** Recovery on the real server, once a second: each kind alone, then all of them. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await startRecovery(world);
});

afterAll(() => world.stop());

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

const ends = (orderId: string, status: string) =>
  until(`${orderId} is ${status}`, async () => (await stateOf(world, orderId)).status === status);

const become = (orderId: string, states: string) =>
  until(`the reservations are ${states}`, async () => {
    return (await statesOf(world, orderId)).join() === states;
  });

it('forced confirmation alone completes orders whose confirm failed', async () => {
  await recoverOnly(world);
  const order = await unconfirmed(world, 'confirmStock');
  expect(await statesOf(world, order.orderId)).toEqual(['reserved', 'confirmed']);
  await recoverOnly(world, 'force');
  await ends(order.orderId, 'COMPLETED');
  await expectClean(world);
});

describe('the sweep alone', () => {
  it('confirms the reservations of COMPLETE orders, and leaves the orders to others', async () => {
    await recoverOnly(world);
    const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
    expect(await statesOf(world, order.orderId)).toEqual(['reserved', 'reserved']);
    await recoverOnly(world, 'sweep');
    await become(order.orderId, 'confirmed,confirmed');
    expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -3 });
    expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PENDING' });
  });

  it('cancels the reservations of CANCEL orders, and leaves the orders to others', async () => {
    await recoverOnly(world);
    // Points are short, so only the stock has a reservation.
    const order = await createOrder(world, { lines: { apple: 3 }, unitPrice: 1_000_000 });
    world.faults.cancelStock = away;
    expect(await place(world, [order], 'tcc')).toMatchObject({ pending: 1 });
    expect(await statesOf(world, order.orderId)).toEqual(['reserved']);
    world.clearFaults();
    await recoverOnly(world, 'sweep');
    await become(order.orderId, 'cancelled');
    expect((await holdings(world)).stock).toEqual({ apple: '1000+0' });
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'PENDING',
      decision: 'CANCEL',
    });
  });

  it('holds the reservations of undecided orders, run after run', async () => {
    await recoverOnly(world, 'sweep');
    const order = await createOrder(world, { lines: { apple: 3 } });
    const decision = new Gate();
    world.faults.decideOrders = async (run) => {
      await decision.pass();
      return run();
    };
    const patient = { ...hurriedTiming, attemptMsMax: 20_000 };
    const handle = await startOrders(world, 'tcc', [order], patient);
    await decision.reached;
    const heard: unknown[] = [];
    world.faults.readDecisions = async (run) => {
      const standings = await run();
      heard.push(standings);
      return standings;
    };
    // Two per run: one for each participant.
    await until('two runs have asked, and a third', () => heard.length > 4);
    expect(heard.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => ['undecided']));
    expect(await statesOf(world, order.orderId)).toEqual(['reserved', 'reserved']);
    expect(await stateOf(world, order.orderId)).toMatchObject({ decision: null });
    decision.open();
    expect(await handle.result()).toEqual({ completed: 1, cancelled: 0, pending: 0 });
    await expectClean(world);
  });
});

it('all kinds of recovery together end every order', async () => {
  await recoverOnly(world);
  world.faults.confirmStock = away;
  world.faults.cancelPoints = away;
  const good = await createOrder(world, { lines: { apple: 2 } });
  const bad = await createOrder(world, { lines: { apple: 2_000 } });
  const sweeps = await createOrder(world);
  expect(await place(world, [good, bad], 'tcc')).toEqual({
    completed: 0,
    cancelled: 0,
    pending: 2,
  });
  expect(await place(world, [sweeps], 'tcc')).toMatchObject({ pending: 1 });
  const lost = await createOrder(world);
  await claim(world, [lost], 'tcc');
  // Only the sweep handles this one: it has no alert, and its owner is open.
  await world.databases.order('alerts').where('order_id', sweeps.orderId).delete();
  world.clearFaults();

  await recoverOnly(world, ...recoveryKinds);
  await ends(good.orderId, 'COMPLETED');
  await ends(bad.orderId, 'CANCELLED');
  await ends(lost.orderId, 'COMPLETED');
  await become(sweeps.orderId, 'confirmed,confirmed');
  expect(await netEffect(world, good.orderId)).toEqual({ stock: -2, points: -2 });
  // The state that a terminated retry of an operator leaves.
  await world.databases
    .order('orders')
    .where('order_id', sweeps.orderId)
    .update({ owner: 'nobody', waits_for: null });
  await ends(sweeps.orderId, 'COMPLETED');
  await expectClean(world);
});
