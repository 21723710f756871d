import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { AdoptInput, DrainInput, ForceInput } from '../../contracts/workflows';
import { claim, createOrder, ends, netEffect, place, runOnce } from '../support/orders';
import { Gate, startOrders, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { away } from '../tcc/pending';
import { alertsOf, dies, preparedIn, rollBackAll, scanInput } from '../xa/branches';

/** One locked row, or one participant that is down, delays no other order's recovery. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 1_000 } });

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

const tooDear = { unitPrice: 10_000 };

const drain = (changes: Partial<DrainInput> = {}) =>
  runOnce(world, workflowTypes.drainCompensations, {
    timing: hurriedTiming,
    limit: 100,
    ...changes,
  } satisfies DrainInput);

const adopt = (changes: Partial<AdoptInput> = {}) =>
  runOnce(world, workflowTypes.adoptOrders, {
    timing: hurriedTiming,
    olderThanMs: 0,
    limit: 100,
    ...changes,
  } satisfies AdoptInput);

/** Runs this while another session holds the order's row. */
async function holding<T>({ orderId }: PlacedOrder, work: () => Promise<T>): Promise<T> {
  const holder = await world.databases.order.transaction();
  await holder('orders').where('order_id', orderId).forUpdate();
  try {
    return await work();
  } finally {
    await holder.rollback();
  }
}

/** Orders decided CANCEL whose compensation is due. */
async function owing(count: number, step: 'restoreStock' | 'refundPoints'): Promise<PlacedOrder[]> {
  world.faults[step] = away;
  const orders = [];
  for (let i = 0; i < count; i += 1) {
    orders.push(await createOrder(world, step === 'restoreStock' ? tooDear : shortOfStock));
  }
  expect(await place(world, orders)).toMatchObject({ pending: count });
  world.clearFaults();
  await makeDue();
  return orders;
}

const shortOfStock = { lines: { rare: 5 } };
const makeDue = () => world.databases.order('compensations').update({ next_retry_at: new Date(0) });

it('the drain compensates every order but the one whose row is locked', async () => {
  const [held, ...others] = await owing(4, 'restoreStock');
  if (!held) throw new Error('There is no order');
  await holding(held, async () => {
    expect(await drain()).toEqual({ madeGood: 4, failed: 0 });
    for (const order of others) await ends(world, order, 'CANCELLED');
    expect(await stateOf(world, held.orderId)).toMatchObject({ status: 'PENDING' });
  });
  // Its stock is back already; the step finds that, and the order ends.
  expect(await drain()).toEqual({ madeGood: 1, failed: 0 });
  await ends(world, held, 'CANCELLED');
  expect(await netEffect(world, held.orderId)).toEqual({ stock: 0, points: 0 });
});

it('a participant that is down delays no other participant’s compensations', async () => {
  await world.databases.stock({ rare: { available: 1 } });
  const points = await owing(3, 'refundPoints');
  await owing(2, 'restoreStock');
  const frozen = new Gate();
  world.faults.restoreStock = async (run) => {
    await frozen.pass();
    return run();
  };
  const patient = { ...hurriedTiming, attemptMsMax: 20_000, actionMsMax: 20_000 };
  const running = drain({ timing: patient, limit: 1 });
  await frozen.reached;
  for (const order of points) await ends(world, order, 'CANCELLED');
  frozen.open();
  expect(await running).toEqual({ madeGood: 5, failed: 0 });
});

it('the drain continues, page after page, while rows are due', async () => {
  const orders = await owing(5, 'restoreStock');
  expect(await drain({ limit: 2 })).toEqual({ madeGood: 5, failed: 0 });
  for (const order of orders) await ends(world, order, 'CANCELLED');
});

it('adoption takes every orphan but the one whose row is locked', async () => {
  const orders = [];
  for (let i = 0; i < 4; i += 1) orders.push(await createOrder(world));
  await claim(world, orders);
  const [held, ...others] = orders;
  if (!held) throw new Error('There is no order');
  await holding(held, async () => {
    expect(await adopt()).toEqual({ adopted: 3 });
    for (const order of others) await ends(world, order, 'COMPLETED');
  });
  expect(await adopt()).toEqual({ adopted: 1 });
  await ends(world, held, 'COMPLETED');
});

it('orphans of one owner are adopted as one batch, and of many owners as few', async () => {
  const batch = [];
  for (let i = 0; i < 3; i += 1) batch.push(await createOrder(world));
  await claim(world, batch);
  const single = await createOrder(world);
  await claim(world, [single]);
  expect(await adopt()).toEqual({ adopted: 4 });
  const owners = new Set<string | null>();
  for (const { orderId } of [...batch, single]) owners.add((await stateOf(world, orderId)).owner);
  expect(owners.size).toBe(1);
  for (const order of [...batch, single]) await ends(world, order, 'COMPLETED');
});

it('an order whose adoption was lost too is adopted alone, so that it cannot end others', async () => {
  const orders = [await createOrder(world), await createOrder(world)];
  await claim(world, orders);
  await world.databases.order('orders').update({ owner: 'adopt-lost' });
  expect(await adopt()).toEqual({ adopted: 2 });
  const owners = new Set<string | null>();
  for (const { orderId } of orders) owners.add((await stateOf(world, orderId)).owner);
  expect(owners.size).toBe(2);
  for (const order of orders) await ends(world, order, 'COMPLETED');
});

it('forced confirmation completes every order but the one whose row is locked', async () => {
  world.faults.confirmStock = away;
  const orders = [await createOrder(world), await createOrder(world), await createOrder(world)];
  expect(await place(world, orders, 'tcc')).toMatchObject({ pending: 3 });
  world.clearFaults();
  const [held, ...others] = orders;
  if (!held) throw new Error('There is no order');
  const input: ForceInput = { timing: hurriedTiming, olderThanMs: 0, limit: 100 };
  const force = () => runOnce(world, workflowTypes.forceConfirmations, input);
  await holding(held, async () => {
    expect(await force()).toEqual({ completed: 2, pending: 1 });
    for (const order of others) await ends(world, order, 'COMPLETED');
  });
  expect(await force()).toEqual({ completed: 1, pending: 0 });
  await ends(world, held, 'COMPLETED');
});

it('the scanner ends every branch but that of the order whose row is locked, page by page', async () => {
  const orders = [];
  for (let i = 0; i < 3; i += 1) {
    const product = `apple-${i}`;
    await world.databases.stock({ [product]: { available: 10 } });
    await world.databases.points({ [`customer-${i}`]: 10 });
    orders.push(await createOrder(world, { lines: { [product]: 1 }, customerId: `customer-${i}` }));
  }
  const gate = dies(world, 'decideOrders', 'before');
  const handles = await Promise.all(orders.map((order) => startOrders(world, 'xa', [order])));
  await gate.reached;
  await until('both of each are prepared', async () => (await preparedIn(world)).length === 6);
  for (const handle of handles) await handle.terminate();
  world.clearFaults();
  gate.open();
  const [held] = orders;
  if (!held) throw new Error('There is no order');
  const scan = () => runOnce(world, workflowTypes.scanBranches, { ...scanInput(), limit: 1 });
  await holding(held, async () => {
    expect(await scan()).toMatchObject({ ended: 4, failed: 0, heuristic: 0 });
  });
  expect((await preparedIn(world)).sort()).toEqual(['point', 'product']);
  expect(await scan()).toMatchObject({ ended: 2 });
  expect(await preparedIn(world)).toEqual([]);
  expect(await alertsOf(world, held.orderId)).toEqual([]);
});

it('the scanner does not report 0 for a participant that it could not ask', async () => {
  world.faults.findPointBranches = away;
  expect(await runOnce(world, workflowTypes.scanBranches, scanInput())).toMatchObject({
    ended: 0,
    unasked: ['points'],
  });
});
