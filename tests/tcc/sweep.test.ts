import { ends, createOrder, place, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { away, openAlerts, pending } from './pending';
import { expectClean, statesOf } from './reservations';
import { adopt, force, sweep } from './schedule-runs';

/** The participants' sweep: what it ends, what it holds, and its alerts. */

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000 },
});

it('confirms reservations of COMPLETE orders, cancels those of CANCEL orders, and they end', async () => {
  const good = await createOrder(world, { lines: { apple: 2 } });
  const bad = await createOrder(world, { lines: { apple: 4 }, unitPrice: 1_000_000 });
  world.faults.confirmStock = away;
  world.faults.confirmPoints = away;
  world.faults.cancelStock = away;
  expect(await place(world, [good, bad], 'tcc')).toEqual({ ...pending, pending: 2 });
  world.clearFaults();
  expect(await sweep(world, { olderThanMs: 60_000 })).toMatchObject({ confirmed: 0, held: 0 });
  expect(await sweep(world)).toEqual({ confirmed: 2, cancelled: 1, held: 0 });
  expect(await statesOf(world, good.orderId)).toEqual(['confirmed', 'confirmed']);
  expect(await statesOf(world, bad.orderId)).toEqual(['cancelled']);
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await adopt(world);
  await ends(world, bad, 'CANCELLED');
  await expectClean(world);
});

it('holds reservations of undecided and of unknown orders', async () => {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  expect(await place(world, [order], 'tcc')).toEqual(pending);
  expect(await statesOf(world, order.orderId)).toEqual(['reserved']);
  expect(await sweep(world)).toEqual({ confirmed: 0, cancelled: 0, held: 1 });
  await world.databases.point('reservations').update({ order_id: 'nobody' });
  expect(await sweep(world)).toEqual({ confirmed: 0, cancelled: 0, held: 1 });
  expect(await statesOf(world, 'nobody')).toEqual(['reserved']);
});

it('raises an alert for a reservation of an unknown order, until the order is back', async () => {
  const order = await createOrder(world, { lines: { apple: 3 } });
  world.faults.confirmStock = away;
  await place(world, [order], 'tcc');
  world.clearFaults();
  const rows = await world.databases.order('orders').where('order_id', order.orderId);
  await world.databases.order('alerts').delete();
  await world.databases.order('orders').where('order_id', order.orderId).delete();
  const detail = 'a reservation exists for an unknown order';
  const alert = { kind: 'reservation-held', order_id: order.orderId, detail };
  // The alert is raised once, however often the sweep finds the reservation.
  for (let run = 0; run < 2; run += 1) {
    expect(await sweep(world)).toEqual({ confirmed: 0, cancelled: 0, held: 1 });
    expect(await openAlerts(world)).toEqual([alert]);
  }
  const runbook: unknown = await world.databases.order('alerts').first('runbook');
  expect(runbook).toEqual({ runbook: 'docs/runbooks/reservation-held.md' });
  // The restored order has ended, so only the sweep handles it.
  await world.databases
    .order('orders')
    .insert({ ...rows[0], status: 'COMPLETED', waits_for: null });
  expect(await sweep(world)).toEqual({ confirmed: 1, cancelled: 0, held: 0 });
  expect(await openAlerts(world)).toEqual([]);
});

it('continues with other reservations if the alert cannot be written', async () => {
  await place(world, [await createOrder(world, { lines: { ghost: 1 } })], 'tcc');
  await world.databases.point('reservations').update({ order_id: 'nobody' });
  world.faults.confirmPoints = away;
  await place(world, [await createOrder(world)], 'tcc');
  world.clearFaults();
  world.faults.alertOrders = () => Promise.reject(new Error('the database is away'));
  expect(await sweep(world)).toEqual({ confirmed: 1, cancelled: 0, held: 1 });
});

it('holds everything while the order service does not answer, and shows that', async () => {
  const order = await createOrder(world);
  world.faults.confirmStock = away;
  await place(world, [order], 'tcc');
  let asked = 0;
  world.faults.readDecisions = () => {
    asked += 1;
    return Promise.reject(new Error('away'));
  };
  expect(await sweep(world)).toEqual({ confirmed: 0, cancelled: 0, held: 1 });
  expect(asked).toBeGreaterThan(0);
  const troubled = world.client.workflow.list({
    query: "WorkflowType = 'sweepReservations' AND OrderTroubled = true",
  });
  await until('the sweep is found among those in trouble', async () => {
    for await (const run of troubled) return run.status.name === 'COMPLETED';
    return false;
  });
  delete world.faults.readDecisions;
  delete world.faults.confirmStock;
  expect(await sweep(world)).toEqual({ confirmed: 1, cancelled: 0, held: 0 });
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});

it('continues with one participant while the other is down', async () => {
  const order = await createOrder(world);
  world.faults.confirmStock = away;
  world.faults.confirmPoints = away;
  await place(world, [order], 'tcc');
  delete world.faults.confirmStock;
  world.faults.agedPoints = away;
  expect(await sweep(world)).toEqual({ confirmed: 1, cancelled: 0, held: 0 });
  expect(await statesOf(world, order.orderId)).toEqual(['confirmed', 'reserved']);
  world.clearFaults();
  expect(await force(world)).toEqual({ completed: 1, pending: 0 });
  await expectClean(world);
});
