import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import { createOrder, Gate, startOrders, startRun, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { expectClean, statesOf } from './reservations';
import { sweep } from './schedule-runs';

/** The sweep against the confirmation of a running workflow, in either order. */

const world = useWorld({
  stock: { apple: { available: 1_000 }, pear: { available: 1_000 } },
  points: { anna: 10_000 },
});

const twoLines = { lines: { apple: 3, pear: 2 } };
const completed = { completed: 1, cancelled: 0, pending: 0 };
const patient = { ...hurriedTiming, attemptMsMax: 10_000, actionMsMax: 20_000 };

interface Confirm {
  step: string;
  /** The order's status when the step began. */
  status: string;
  outcome?: unknown;
}

/** Holds the first confirm of each participant, the workflow's, and records all of them. */
function holdFirstConfirms({ orderId }: PlacedOrder) {
  const confirms: Confirm[] = [];
  const gates = [new Gate(), new Gate()] as const;
  for (const [i, step] of (['confirmStock', 'confirmPoints'] as const).entries()) {
    let calls = 0;
    world.faults[step] = async (run) => {
      calls += 1;
      if (calls === 1) await gates[i]?.pass();
      const confirm: Confirm = { step, status: (await stateOf(world, orderId)).status };
      confirms.push(confirm);
      confirm.outcome = await run();
      return confirm.outcome;
    };
  }
  return {
    confirms,
    reached: Promise.all(gates.map(({ reached }) => reached)),
    open: () => {
      for (const gate of gates) gate.open();
    },
  };
}

/** Expects COMPLETED, one row in the books for each line and one for the points, and no alarm. */
async function isConfirmedOnce({ orderId }: PlacedOrder): Promise<void> {
  expect(await stateOf(world, orderId)).toMatchObject({ status: 'COMPLETED', reason: null });
  const stock = world.databases
    .product('stock_ledger')
    .select('order_id', 'product_id', 'quantity');
  expect(await stock.orderBy('product_id')).toEqual([
    { order_id: orderId, product_id: 'apple', quantity: -3 },
    { order_id: orderId, product_id: 'pear', quantity: -2 },
  ]);
  expect(await world.databases.point('point_ledger').pluck('points')).toEqual([-5]);
  expect(await world.databases.order('alerts')).toEqual([]);
  await expectClean(world);
}

it('the workflow first: the confirm of an earlier sweep has no effect', async () => {
  const order = await createOrder(world, twoLines);
  const held = holdFirstConfirms(order);
  const handle = await startOrders(world, 'tcc', [order], patient);
  await held.reached;

  const asked = new Gate();
  const heard: unknown[] = [];
  world.faults.readDecisions = async (run) => {
    const standings = await run();
    heard.push(standings);
    await asked.pass();
    return standings;
  };
  const input = { timing: patient, olderThanMs: 0, limit: 10 };
  const swept = await startRun(world, workflowTypes.sweepReservations, input);
  await until('both participants have asked', () => heard.length === 2);
  expect(heard).toEqual([['COMPLETE'], ['COMPLETE']]);
  expect(await statesOf(world, order.orderId)).toEqual(['reserved', 'reserved']);

  held.open();
  expect(await handle.result()).toEqual(completed);
  expect(held.confirms).toHaveLength(2);
  asked.open();
  expect(await swept.result()).toEqual({ confirmed: 2, cancelled: 0, held: 0 });
  // The sweep's two confirms came after the end, and got the first ones' answers.
  expect(held.confirms.slice(2)).toEqual(
    expect.arrayContaining(
      ['confirmStock', 'confirmPoints'].map((step) => ({
        step,
        status: 'COMPLETED',
        outcome: [{ kind: 'done' }],
      })),
    ),
  );
  expect(held.confirms).toHaveLength(4);
  await isConfirmedOnce(order);
});

it('the sweep first: the workflow confirms again, and completes', async () => {
  const order = await createOrder(world, twoLines);
  const held = holdFirstConfirms(order);
  const handle = await startOrders(world, 'tcc', [order], patient);
  await held.reached;
  expect(await sweep(world)).toEqual({ confirmed: 2, cancelled: 0, held: 0 });
  expect(held.confirms).toHaveLength(2);
  expect(await statesOf(world, order.orderId)).toEqual(['confirmed', 'confirmed']);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PLACING' });
  held.open();
  expect(await handle.result()).toEqual(completed);
  // Each of the workflow's confirms was its first, and found the reservation confirmed.
  expect(held.confirms).toHaveLength(4);
  expect(held.confirms.map(({ outcome }) => outcome)).toEqual(
    held.confirms.map(() => [{ kind: 'done' }]),
  );
  await isConfirmedOnce(order);
});

it('both at once, a few times', async () => {
  for (let i = 0; i < 5; i += 1) {
    const order = await createOrder(world);
    const held = holdFirstConfirms(order);
    const handle = await startOrders(world, 'tcc', [order], patient);
    await held.reached;
    const reading = new Gate();
    world.faults.readDecisions = async (run) => {
      await reading.pass();
      return run();
    };
    const swept = sweep(world);
    await reading.reached;
    reading.open();
    held.open();
    expect(await handle.result()).toEqual(completed);
    expect(await swept).toMatchObject({ cancelled: 0, held: 0 });
    const rows = world.databases.product('stock_ledger').where('order_id', order.orderId);
    expect(await rows.pluck('quantity')).toEqual([-1]);
    world.clearFaults();
  }
  expect(await world.databases.order('alerts')).toEqual([]);
  await expectClean(world);
});
