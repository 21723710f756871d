import fc from 'fast-check';
import type { ActivitiesOf } from '../../contracts/participants/activities';
import type { product } from '../../contracts/participants/product';
import type { CrashSwitch } from '../participants/property';
import type { TestDatabases } from '../support/databases';
import { Model, type ModelOrder, type Phase } from './model';

/**
 * Steps come in any order, twice, late or at once, and transactions are lost before their commit.
 * Answers, balances and reservations equal the model's; for two concurrent steps, the model's in one
 * order or the other. Reserved is always the sum of the open reservations, and available plus
 * reserved is always the opening plus the ledger.
 */

const opening: [string, number][] = [
  ['a', 12],
  ['b', 5],
  ['c', 1],
];
/** The product service, whichever code it runs. */
export interface Subject {
  databases: TestDatabases;
  activities: ActivitiesOf<typeof product>;
  /** Of the transactions of the activities. */
  crash: CrashSwitch;
}

interface Event {
  phase: Phase;
  orders: ModelOrder[];
  /** The operator's, where it is a freeze or a thaw. */
  resolution: number;
  /** Its transaction is lost just before the commit, and it is repeated. */
  crashes: boolean;
}

const arbitraryOrders = fc
  .array(
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 4 }), {
      minKeys: 1,
      maxKeys: 2,
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.map((takes, i) => ({ orderId: `o-${i}`, takes: { ...takes } })));

const arbitraryPhase = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Phase>('try', 'confirm', 'cancel') },
  { weight: 4, arbitrary: fc.constantFrom<Phase>('freeze', 'thaw') },
);
const arbitraryResolution = fc.integer({ min: 1, max: 2 });

/** Two concurrent steps have one order each, because a batch with an alarm is not atomic. */
const arbitraryHappenings = fc
  .tuple(arbitraryOrders, fc.boolean())
  .chain(([orders, isTriedFirst]) => {
    const event = fc.record<Event>({
      phase: arbitraryPhase,
      orders: fc.shuffledSubarray(orders, { minLength: 1 }),
      resolution: arbitraryResolution,
      crashes: fc.boolean(),
    });
    const single = fc.record<Event>({
      phase: arbitraryPhase,
      orders: fc.constantFrom(...orders).map((order) => [order]),
      resolution: arbitraryResolution,
      crashes: fc.constant(false),
    });
    const happenings = fc.array(
      fc.oneof(
        { weight: 2, arbitrary: event.map((one) => [one]) },
        fc.tuple(single, single).map((two): Event[] => two),
      ),
      { minLength: 6, maxLength: 12 },
    );
    // Otherwise few orders would come so far that they can be confirmed or frozen.
    const first: Event = { phase: 'try', orders, resolution: 1, crashes: false };
    return happenings.map((all) => (isTriedFirst ? [[first], ...all] : all));
  });

async function perform({ activities, crash }: Subject, event: Event) {
  const { crashes } = event;
  if (crashes) {
    crash.armed = true;
    await ask(activities, event).catch(() => undefined);
    // Nothing is committed if every order of a batch is an alarm.
    crash.armed = false;
  }
  return ask(activities, event);
}

function ask(activities: Subject['activities'], { phase, orders, resolution }: Event) {
  const commands = orders.map(({ orderId, takes }) => ({
    orderId,
    lines: Object.entries(takes).map(([productId, quantity]) => ({ productId, quantity })),
  }));
  const resolved = orders.map(({ orderId }) => ({ orderId, resolution }));
  switch (phase) {
    case 'try':
      return activities.tryStock(commands);
    case 'confirm':
      return activities.confirmStock(commands);
    case 'cancel':
      return activities.cancelStock(commands);
    case 'freeze':
      return activities.freezeStock(resolved);
    case 'thaw':
      return activities.thawStock(resolved);
  }
}

async function seen({ databases: { product } }: Subject) {
  const [rows] = (await product.raw(
    `SELECT product_id id, available, reserved, opening,
       (SELECT COALESCE(SUM(quantity), 0) FROM stock_ledger l WHERE l.product_id = p.product_id) moved,
       (SELECT COALESCE(SUM(quantity), 0) FROM reservations r
        WHERE r.product_id = p.product_id AND r.state IN ('reserved', 'frozen')) held
     FROM products p`,
  )) as [Record<'id' | 'available' | 'reserved' | 'opening' | 'moved' | 'held', string>[]];
  for (const row of rows) {
    expect(Number(row.available) + Number(row.reserved)).toBe(
      Number(row.opening) + Number(row.moved),
    );
    expect(Number(row.reserved)).toBe(Number(row.held));
  }
  const states = await product('reservations').distinct<
    { order_id: string; state: string; resolution: number }[]
  >('order_id', 'state', 'resolution');
  return {
    balances: rows.map((row) => `${row.id} ${row.available}+${row.reserved}`).sort(),
    reservations: states.map((one) => `${one.order_id} ${one.state} ${one.resolution}`).sort(),
  };
}

async function next(subject: Subject, model: Model, events: Event[]): Promise<Model> {
  const answers = await Promise.all(events.map((event) => perform(subject, event)));
  const outcome = { answers, ...(await seen(subject)) };
  const orders = events.length === 1 ? [[0]] : [[0, 1], [1, 0]]; // prettier-ignore
  const serial = orders.map((order) => {
    const after = model.clone();
    const inTurn: unknown[] = [];
    for (const i of order) {
      const event = events[i];
      if (event) inTurn[i] = after.apply(event.phase, event.orders, event.resolution);
    }
    const reservations = after.reservations().sort();
    return { after, outcome: { answers: inTurn, balances: after.balances(), reservations } };
  });
  expect(serial.map((one) => one.outcome)).toContainEqual(outcome);
  const match = serial.find((one) => JSON.stringify(one.outcome) === JSON.stringify(outcome));
  if (!match) throw new Error('Equal by jest and different as JSON: compare them the same way');
  return match.after;
}

/** Rejects, with fast-check's seed and path in the message, when the service differs. */
export async function checkReservations(subject: Subject, runs: number): Promise<void> {
  const { databases } = subject;
  await fc.assert(
    fc.asyncProperty(arbitraryHappenings, async (happenings) => {
      await databases.empty();
      await databases.stock(
        Object.fromEntries(opening.map(([id, available]) => [id, { available }])),
      );
      let model = new Model(opening);
      for (const events of happenings) model = await next(subject, model, events);
    }),
    { numRuns: runs, endOnFailure: true, includeErrorInReport: true },
  );
}
