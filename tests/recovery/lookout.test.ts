import pino from 'pino';
import { createOrderActivities } from '../../activities/order/activities';
import { recoveryScheduleId, workflowTypes } from '../../contracts/names';
import { Lookout } from '../../workers/wiring/lookout';
import { createAskOwners } from '../../workers/wiring/open-owners';
import { claim, createOrder, ends, place, stateOf, until } from '../support/orders';
import { startRecovery } from '../support/recovery';
import { createWorld, nothingIsOld, type World } from '../support/world';

/** A service triggers the schedule when it has work, and not when it has none. */

let world: World;
let lookout: Lookout;
let looks = 0;

const hourMs = 3_600_000;
const schedule = () => world.client.schedule.getHandle(recoveryScheduleId);

async function workflowsBegun(): Promise<number> {
  return (await world.client.workflow.count(`WorkflowType = "${workflowTypes.recoverOrders}"`))
    .count;
}

beforeAll(async () => {
  world = await createWorld();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 1_000 });
  world.recovery.ages = { ...nothingIsOld.ages, adoptAfterMs: 100 };
  // So rarely that, after the look at the start, the schedule itself causes nothing below.
  await startRecovery(world, hourMs);
  await until('the look at the start is over', async () => (await workflowsBegun()) === 1);
  const { findOrderWork } = createOrderActivities({
    knex: world.databases.order,
    askOwners: createAskOwners(world.client.workflow),
  });
  lookout = new Lookout({
    client: world.client,
    logger: pino({ level: 'silent' }),
    config: {
      LOOKOUT_EVERY_MS: 100,
      ADOPT_AFTER_MS: 100,
      FORCE_CONFIRM_AFTER_MS: hourMs,
      SCAN_AFTER_MS: hourMs,
      SWEEP_AFTER_MS: hourMs,
    },
    findWork: async (ages) => {
      looks += 1;
      return findOrderWork(ages);
    },
  });
});

afterAll(async () => {
  await lookout.close();
  await world.stop();
});

it('starts no workflow while there is nothing to recover', async () => {
  await place(world, [await createOrder(world)]);
  const before = looks;
  await until('it has looked five times more', () => looks > before + 5);
  expect(await workflowsBegun()).toBe(1);
});

it('does not trigger a schedule that an operator has paused', async () => {
  await schedule().pause('looking into it');
  const order = await createOrder(world);
  await claim(world, [order]);
  const before = looks;
  await until('it has looked five times more', () => looks > before + 5);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'PLACING' });
  expect(await workflowsBegun()).toBe(1);
  await schedule().unpause();
  await ends(world, order, 'COMPLETED');
});

it('gets an order without a driving workflow adopted', async () => {
  const order = await createOrder(world);
  await claim(world, [order]);
  await ends(world, order, 'COMPLETED');
  expect((await stateOf(world, order.orderId)).owner).toMatch(/^adopt-/);
});
