import { createParticipantActivities } from '../../activities/participant/activities';
import { product } from '../../contracts/participants/product';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { crashable, type CrashSwitch } from '../participants/property';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { Model, type ModelOrder, type Phase } from './model';

/**
 * Steps come in any order, twice, late or at once, and transactions are lost before their commit.
 * Answers and balances equal the model's; for two concurrent steps, the model's in one order or the
 * other. Reserved is always the sum of the open reservations, and available plus reserved is always
 * the opening plus the ledger.
 */

let databases: TestDatabases;
let knex: Knex;
const crash: CrashSwitch = { armed: false, fired: 0 };

beforeAll(async () => {
  databases = await createTestDatabases();
  const url = databases.url('product_worker', 'product');
  knex = openDatabase({ url, poolMax: 5 });
});

afterAll(async () => {
  await knex.destroy();
  await databases.drop();
});

const opening: [string, number][] = [
  ['a', 12],
  ['b', 5],
  ['c', 1],
];
const runs = 60;

interface Event {
  phase: Phase;
  orders: ModelOrder[];
  /** Its transaction is lost just before the commit, and it is repeated. */
  crashes: boolean;
}

const arbitraryOrders = fc
  .array(
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 6 }), { minKeys: 1 }),
    { minLength: 2, maxLength: 4 },
  )
  .map((all) => all.map((takes, i) => ({ orderId: `o-${i}`, takes: { ...takes } })));

const arbitraryPhase = fc.constantFrom<Phase>('try', 'confirm', 'cancel');

/** Two concurrent steps have one order each, because a batch with an alarm is not atomic. */
const arbitraryHappenings = arbitraryOrders.chain((orders) => {
  const event = fc.record<Event>({
    phase: arbitraryPhase,
    orders: fc.shuffledSubarray(orders, { minLength: 1 }),
    crashes: fc.boolean(),
  });
  const single = fc.record<Event>({
    phase: arbitraryPhase,
    orders: fc.constantFrom(...orders).map((order) => [order]),
    crashes: fc.constant(false),
  });
  return fc.array(
    fc.oneof(
      { weight: 2, arbitrary: event.map((one) => [one]) },
      fc.tuple(single, single).map((two): Event[] => two),
    ),
    { minLength: 4, maxLength: 10 },
  );
});

const stepOf = { try: 'tryStock', confirm: 'confirmStock', cancel: 'cancelStock' } as const;

async function perform({ phase, orders, crashes }: Event) {
  const activities = createParticipantActivities(product, crashable(knex, crash));
  const commands = orders.map(({ orderId, takes }) => ({
    orderId,
    lines: Object.entries(takes).map(([productId, quantity]) => ({ productId, quantity })),
  }));
  if (crashes) {
    crash.armed = true;
    await activities[stepOf[phase]](commands).catch(() => undefined);
    // Nothing is committed if every order of a batch is an alarm.
    crash.armed = false;
  }
  return activities[stepOf[phase]](commands);
}

async function seen(): Promise<string[]> {
  const { product } = databases;
  const [rows] = (await product.raw(
    `SELECT product_id id, available, reserved, opening,
       (SELECT COALESCE(SUM(quantity), 0) FROM stock_ledger l WHERE l.product_id = p.product_id) moved,
       (SELECT COALESCE(SUM(quantity), 0) FROM reservations r
        WHERE r.product_id = p.product_id AND r.state = 'reserved') held
     FROM products p`,
  )) as [Record<'id' | 'available' | 'reserved' | 'opening' | 'moved' | 'held', string>[]];
  for (const row of rows) {
    expect(Number(row.available) + Number(row.reserved)).toBe(
      Number(row.opening) + Number(row.moved),
    );
    expect(Number(row.reserved)).toBe(Number(row.held));
  }
  return rows.map((row) => `${row.id} ${row.available}+${row.reserved}`).sort();
}

async function next(model: Model, events: Event[]): Promise<Model> {
  const answers = await Promise.all(events.map(perform));
  const outcome = { answers, balances: await seen() };
  const orders = events.length === 1 ? [[0]] : [[0, 1], [1, 0]]; // prettier-ignore
  const serial = orders.map((order) => {
    const after = model.clone();
    const inTurn: unknown[] = [];
    for (const i of order) {
      const event = events[i];
      if (event) inTurn[i] = after.apply(event.phase, event.orders);
    }
    return { after, outcome: { answers: inTurn, balances: after.balances() } };
  });
  expect(serial.map((one) => one.outcome)).toContainEqual(outcome);
  const match = serial.find((one) => JSON.stringify(one.outcome) === JSON.stringify(outcome));
  if (!match) throw new Error('Equal by jest and different as JSON: compare them the same way');
  return match.after;
}

it('the product service reserves, confirms and cancels like its model under random steps', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHappenings, async (happenings) => {
      await databases.empty();
      await databases.stock(
        Object.fromEntries(opening.map(([id, available]) => [id, { available }])),
      );
      let model = new Model(opening);
      for (const events of happenings) model = await next(model, events);
    }),
    { numRuns: runs, endOnFailure: true },
  );
  expect(crash.fired).toBeGreaterThan(0);
});
