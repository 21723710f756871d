import type { Knex } from 'knex';
import { createLockActivities } from '../../activities/lock/activities';
import { openDatabase } from '../../activities/database/connection';
import type { PlacedOrder } from '../../contracts/order';
import type { LockActivities, LockCommand } from '../../contracts/steps';
import { LossyProxy } from '../api/lossy-proxy';
import { claim, createOrder, netEffect, stateOf, type OrderSketch } from '../support/orders';
import { mysqlServer } from '../support/servers';
import { createWorld, type World } from '../support/world';
import { midwayOf, type Midway } from './midway';

/** The one transaction on a real MySQL: concurrent, deadlocked, lost or killed. */

let world: World;
const pools: Knex[] = [];
let midway: Midway;

beforeAll(async () => {
  world = await createWorld();
  midway = midwayOf(world);
});

afterAll(async () => {
  for (const pool of pools) await pool.destroy();
  await world.stop();
});

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 }, pear: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

afterEach(() => midway.letGo());

const once = { stock: -1, points: -1 };

/** The activity on its own pool, and the error codes of its statements. */
function ownActivity(through = (url: string) => url) {
  const url = through(world.databases.url('lock_worker', 'order'));
  const knex = openDatabase({ url, poolMax: 20 });
  pools.push(knex);
  const errors: (string | undefined)[] = [];
  knex.on('query-error', ({ code }: { code?: string }) => errors.push(code));
  const activities: LockActivities = createLockActivities({
    knex,
    databases: world.databases.names,
  });
  return { place: activities.placeInOneTransaction, errors };
}

function commandOf({ orderId, customerId, lines, total }: PlacedOrder): LockCommand {
  return { orderId, customerId, points: total, lines };
}

async function claimed(sketch: OrderSketch = {}) {
  const order = await createOrder(world, sketch);
  await claim(world, [order], 'lock');
  return order;
}

/** Asks again for an order whose rows others hold, as its workflow does. */
async function untilFree(place: LockActivities['placeInOneTransaction'], order: PlacedOrder) {
  for (;;) {
    const [outcome] = await place([commandOf(order)]);
    if (outcome?.kind !== 'locked') return outcome;
  }
}

describe('many transactions at once', () => {
  it('place the same order once, and all get the same answer', async () => {
    const order = await claimed({ lines: { apple: 3, pear: 2 } });
    const { place, errors } = ownActivity();
    const answers = await Promise.all(Array.from({ length: 100 }, () => place([commandOf(order)])));
    expect(answers).toEqual(answers.map(() => [{ kind: 'done' }]));
    expect(errors).toEqual([]);
    expect(await netEffect(world, order.orderId)).toEqual({ stock: -5, points: -5 });
    expect(await world.databases.product('stock_ledger')).toHaveLength(2);
  });

  it('cannot deadlock each other, in whatever order their lines come', async () => {
    const { place, errors } = ownActivity();
    const orders: PlacedOrder[] = [];
    for (let i = 0; i < 30; i += 1) {
      orders.push(await claimed({ lines: i % 2 ? { apple: 1, pear: 1 } : { pear: 1, apple: 1 } }));
    }
    const outcomes = await Promise.all(orders.map((order) => untilFree(place, order)));
    expect(new Set(outcomes.map((outcome) => outcome?.kind))).toEqual(new Set(['done']));
    expect(errors).toEqual([]);
  });

  it('sell the stock and no more', async () => {
    await world.databases.stock({ rare: { available: 5 } });
    const { place } = ownActivity();
    const orders: PlacedOrder[] = [];
    for (let i = 0; i < 12; i += 1) orders.push(await claimed({ lines: { rare: 2 } }));
    const outcomes = await Promise.all(orders.map((order) => untilFree(place, order)));
    const done = outcomes.filter((outcome) => outcome?.kind === 'done');
    expect(done).toHaveLength(2);
    const left = await world.databases.product('products').where('product_id', 'rare');
    expect(left).toMatchObject([{ available: 1 }]);
  });
});

it('runs again as a whole after a deadlock', async () => {
  const order = await claimed();
  const { place, errors } = ownActivity();
  const stranger = await midway.holdPoints();
  const placing = place([commandOf(order)]);
  await midway.reached();
  // Points then stock, against our stock then points. The other transaction has changed more rows,
  // so MySQL chooses ours as the victim.
  await stranger('products').where('product_id', 'apple').update({ name: 'Apple' });
  await stranger.rollback();
  expect(await placing).toEqual([{ kind: 'done' }]);
  expect(errors).toEqual(['ER_LOCK_DEADLOCK']);
  expect(await netEffect(world, order.orderId)).toEqual(once);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'COMPLETED' });
});

describe('a connection that breaks', () => {
  it.each(['commitRepliesToLose', 'commitsToLose'] as const)(
    'at COMMIT leaves the outcome unknown, and the order’s row has it (%s)',
    async (what) => {
      const proxy = await LossyProxy.start(mysqlServer());
      try {
        const order = await claimed();
        const { place } = ownActivity((url) => proxy.through(url));
        proxy[what] = 1;
        // A repeat reads the answer in the row, which its first or second run wrote.
        expect(await place([commandOf(order)])).toEqual([{ kind: 'done' }]);
        expect(proxy[what]).toBeLessThanOrEqual(0);
        expect(await netEffect(world, order.orderId)).toEqual(once);
      } finally {
        await proxy.stop();
      }
    },
  );

  it('in the middle has done nothing, and the whole transaction runs again', async () => {
    const order = await claimed();
    const { place, errors } = ownActivity();
    const stranger = await midway.holdPoints();
    const placing = place([commandOf(order)]);
    await world.databases.order.raw('KILL CONNECTION ?', [await midway.reached()]);
    await stranger.rollback();
    expect(await placing).toEqual([{ kind: 'done' }]);
    expect(errors).toEqual(['PROTOCOL_CONNECTION_LOST']);
    expect(await netEffect(world, order.orderId)).toEqual(once);
  });
});

it.each([
  ['read a barrier', 'product', (knex: Knex) => knex('steps')],
  ['change a ledger', 'point', (knex: Knex) => knex('point_ledger').update({ points: 0 })],
  ['take over an order', 'order', (knex: Knex) => knex('orders').update({ owner: 'me' })],
] as const)('may not %s', async (_what, service, statement) => {
  const url = world.databases.url('lock_worker', service);
  const knex = openDatabase({ url, poolMax: 1 });
  pools.push(knex);
  await expect(Promise.resolve(statement(knex))).rejects.toMatchObject({
    code: expect.stringMatching(/^ER_(TABLE|COLUMN)ACCESS_DENIED_ERROR$/) as string,
  });
});
