import { setTimeout as sleep } from 'node:timers/promises';
import type { Placement } from '../../contracts/limits';
import type { Pattern, PlacedOrder } from '../../contracts/order';
import { createOrder, netEffect, startOrders, stateOf, until } from '../support/orders';
import { createWorld, hurriedTiming, type World } from '../support/world';

/**
 * A deployment stops the workers for longer than an action's time. Time without a workflow worker
 * does not count into the time after which an order is given up.
 */

const actionMsMax = 4_000;
/** The length of one part of an action's time: a downtime costs no more than this. */
const partMs = 1_000;
const timing = { ...hurriedTiming, attemptMsMax: 800, actionMsMax };

/** For each pattern that gives a step up: the step that fails until the workers stop. */
const failing = [
  ['saga', 'usePoints'],
  ['lock', 'placeInOneTransaction'],
  ['xa', 'preparePoints'],
  ['tcc', 'tryPoints'],
] as const;
const everywhere = failing.flatMap(([pattern, step]) =>
  (['separate', 'local'] as const).map((placement) => ({ pattern, placement, step })),
);

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.stop());

beforeEach(async () => {
  await world.databases.empty();
  world.clearFaults();
  await world.databases.stock(
    Object.fromEntries(everywhere.map((row) => [productOf(row), { available: 10 }])),
  );
  await world.databases.points(Object.fromEntries(everywhere.map((row) => [customerOf(row), 10])));
});

interface Row {
  pattern: Pattern;
  placement: Placement;
}

// Each order has its own rows, so that none waits for another's branch.
const productOf = ({ pattern, placement }: Row) => `${pattern}-${placement}`;
const customerOf = productOf;

/** One order for each row, whose step has failed. */
async function failEverywhere(): Promise<PlacedOrder[]> {
  const failed = new Set<string>();
  for (const { step } of everywhere) {
    world.faults[step] = (_run, [commands]) => {
      for (const { orderId } of commands as { orderId: string }[]) failed.add(orderId);
      return Promise.reject(new Error('away'));
    };
  }
  const orders: PlacedOrder[] = [];
  for (const row of everywhere) {
    const order = await createOrder(world, {
      customerId: customerOf(row),
      lines: { [productOf(row)]: 1 },
    });
    orders.push(order);
    await startOrders(world, row.pattern, [order], { ...timing, placement: row.placement });
  }
  await until('every step has failed', () => orders.every(({ orderId }) => failed.has(orderId)));
  return orders;
}

const workers = ['workflow', 'product', 'point', 'lock'] as const;

/** Long enough to use up every step's time if it counted. */
async function deploy(): Promise<void> {
  await Promise.all(workers.map((name) => world.stopWorker(name)));
  await sleep(actionMsMax + partMs);
}

async function start(): Promise<void> {
  await Promise.all(workers.map((name) => world.startWorker(name)));
}

/** How each order ended, after all have. */
async function endsOf(orders: PlacedOrder[]): Promise<string[]> {
  const states = () => Promise.all(orders.map(({ orderId }) => stateOf(world, orderId)));
  await until('every order has ended', async () =>
    (await states()).every(({ status }) => ['COMPLETED', 'CANCELLED'].includes(status)),
  );
  const ended = await states();
  return everywhere.map((row, i) => {
    const { status, reason } = ended[i] ?? { status: '', reason: null };
    return `${productOf(row)}: ${status}${reason === null ? '' : `, ${reason}`}`;
  });
}

const allOf = (end: string) => everywhere.map((row) => `${productOf(row)}: ${end}`);

test('a deployment cancels nothing', async () => {
  const orders = await failEverywhere();
  await deploy();
  world.clearFaults();
  await start();
  expect(await endsOf(orders)).toEqual(allOf('COMPLETED'));
});

test('gives up a participant that stays down', async () => {
  const orders = await failEverywhere();
  await deploy();
  await start();
  expect(await endsOf(orders)).toEqual(allOf('CANCELLED, unavailable'));
});

test('an operator’s cancel still cancels after a part of the time is over', async () => {
  world.faults.usePoints = () => Promise.reject(new Error('away'));
  const row = { pattern: 'saga', placement: 'separate' } as const;
  const order = await createOrder(world, {
    customerId: customerOf(row),
    lines: { [productOf(row)]: 1 },
  });
  const handle = await startOrders(world, 'saga', [order], timing);
  await until('it is asked for again', async () => {
    const { events } = await handle.fetchHistory();
    const asked = events?.filter(
      ({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === 'usePoints',
    );
    return asked?.length === 2;
  });
  await handle.cancel();
  expect(await handle.result()).toMatchObject({ cancelled: 1 });
  expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'cancelled-by-operator' });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
});
