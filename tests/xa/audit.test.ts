import type { Knex } from 'knex';
import { audit, type AuditDeps } from '../../audit/audit';
import { createOrderIntake } from '../../activities/order/intake';
import { createOrder, Gate, place, startOrders, stateOf, until } from '../support/orders';
import { openAsAuditor } from '../support/audited';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { endByHand, preparedIn, rollBackAll } from './branches';

/** What the auditor finds on XA orders that the real coordinator has driven. */

let world: World;
let pools: Knex[];
let deps: AuditDeps;

beforeAll(async () => {
  world = await createWorld();
  const auditors = openAsAuditor(world.databases);
  pools = Object.values(auditors);
  const closedAt = () => Promise.resolve(undefined);
  deps = { ...auditors, isOpen: () => Promise.resolve(true), closedAt };
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.destroy()));
  await world.stop();
});

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 }, rare: { available: 1 } });
  await world.databases.points({ anna: 10_000, poor: 3 });
});

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

it('finds every outcome of an XA order clean and at rest', async () => {
  for (const sketch of [
    { lines: { apple: 2, rare: 1 } },
    { lines: { rare: 2 } },
    { customerId: 'poor', lines: { apple: 4 } },
  ]) {
    await place(world, [await createOrder(world, sketch)], 'xa');
  }
  const cancelled = await createOrder(world);
  world.faults.decideOrders = async (run) => {
    await createOrderIntake(world.databases.order).cancelOrder(cancelled.orderId);
    return run();
  };
  await place(world, [cancelled], 'xa');
  const report = await audit(deps);
  expect(report.violations).toEqual([]);
  expect(report).toMatchObject({ atRest: true, byStatus: { COMPLETED: 1, CANCELLED: 3 } });
  expect(report.checked['branch-left-prepared']).toBe(4);
});

it('counts an unfinished order with prepared branches as in flight, not as a violation', async () => {
  const order = await createOrder(world);
  const gate = new Gate();
  world.faults.decideOrders = async (run) => {
    await gate.pass();
    return run();
  };
  const handle = await startOrders(world, 'xa', [order]);
  await gate.reached;
  expect(await preparedIn(world)).toEqual(['product', 'point']);
  expect(await audit(deps)).toMatchObject({ clean: true, atRest: false });
  gate.open();
  await handle.result();
});

it.each([
  ['ROLLBACK', false],
  ['COMMIT', true],
] as const)('a %s by hand, against the decision, is a violation', async (how, cancel) => {
  const order = await createOrder(world);
  world.faults.decideOrders = async (run) => {
    expect(await endByHand(world, 'point', how)).toBe(1);
    if (cancel) await createOrderIntake(world.databases.order).cancelOrder(order.orderId);
    return run();
  };
  const handle = await startOrders(world, 'xa', [order], hurriedTiming);
  await until('it is found', async () => {
    return (await stateOf(world, order.orderId)).status === 'PENDING';
  });
  const report = await audit(deps);
  expect(report.violations).toMatchObject([{ rule: 'heuristic-outcome', orderId: order.orderId }]);
  await handle.terminate();
});
