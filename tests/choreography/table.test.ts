import { events, reactionOf, typeIn, type EventType } from '../../contracts/events';
import { type Service, services } from '../../contracts/participants';
import { createHandDelivered, type HandDelivered, type HandDelivery } from './hand-delivery';

/**
 * The table in contracts/events.ts describes the code: the test takes every path of an order, and
 * compares what every reaction emits with the table, in both directions.
 */

let shop: HandDelivered;

beforeAll(async () => {
  shop = await createHandDelivered();
});

afterAll(() => shop.end());

type Wish = `${EventType} ${Service}`;

interface Way {
  what: string;
  apples?: number;
  points?: number;
  cancelled?: true;
  /** Delivers these in this order as soon as possible, then the rest in any order. */
  wishes: Wish[];
  ends: 'COMPLETED' | 'CANCELLED';
  reason?: string;
}

const short = { apples: 0, points: 0 };
const stockFirst: Wish[] = ['OrderPlaced product', 'StockDeducted order'];
const pointsFirst: Wish[] = ['OrderPlaced point', 'PointsUsed order'];
const stockRefusedFirst: Wish[] = ['OrderPlaced product', 'StockRejected order'];
const pointsRefusedFirst: Wish[] = ['OrderPlaced point', 'PointsRejected order'];
const refunded: Wish[] = ['OrderCancelled point', 'PointsRefunded order'];
const restored: Wish[] = ['OrderCancelled product', 'StockRestored order'];

const ways: Way[] = [
  { what: 'both take, stock first', wishes: stockFirst, ends: 'COMPLETED' },
  { what: 'both take, points first', wishes: pointsFirst, ends: 'COMPLETED' },
  {
    what: 'no stock, whose refusal comes first',
    apples: 0,
    wishes: stockRefusedFirst,
    ends: 'CANCELLED',
    reason: 'insufficient-stock',
  },
  {
    what: 'no stock, points reply first and are refunded first',
    apples: 0,
    wishes: [...pointsFirst, 'OrderPlaced product', 'StockRejected order', ...refunded],
    ends: 'CANCELLED',
    reason: 'insufficient-stock',
  },
  {
    what: 'no points, whose refusal comes first',
    points: 0,
    wishes: pointsRefusedFirst,
    ends: 'CANCELLED',
    reason: 'insufficient-points',
  },
  {
    what: 'no points, stock replies first and is restored first',
    points: 0,
    wishes: [...stockFirst, 'OrderPlaced point', 'PointsRejected order', ...restored],
    ends: 'CANCELLED',
    reason: 'insufficient-points',
  },
  {
    what: 'neither, stock replies first',
    ...short,
    wishes: stockRefusedFirst,
    ends: 'CANCELLED',
    reason: 'insufficient-stock',
  },
  {
    what: 'neither, points reply first',
    ...short,
    wishes: pointsRefusedFirst,
    ends: 'CANCELLED',
    reason: 'insufficient-stock',
  },
  {
    what: 'cancelled, and the point service learns that before the order',
    cancelled: true,
    wishes: [...stockFirst, 'OrderCancelled point', 'OrderPlaced point', ...restored],
    ends: 'CANCELLED',
    reason: 'cancelled-by-customer',
  },
  {
    what: 'cancelled, and the product service learns that before the order',
    cancelled: true,
    wishes: [...pointsFirst, 'OrderCancelled product', 'OrderPlaced product', ...refunded],
    ends: 'CANCELLED',
    reason: 'cancelled-by-customer',
  },
];

/** What each subscriber emitted for each event, over all paths. */
const seen = new Set<string>();
/** The outbox of each event type, and the reactions that received it. */
const said = new Set<string>();
const heard = new Set<string>();

async function noteTables(): Promise<void> {
  for (const service of services) {
    const { [service]: database } = shop.databases;
    const types = await database('outbox').pluck('type');
    for (const type of types) said.add(`${type} ${service}`);
    const rows = await database<{ event_id: string; reaction: string }>('inbox').select(
      'event_id',
      'reaction',
    );
    for (const row of rows) heard.add(`${typeIn(row.event_id)} ${service} ${row.reaction}`);
  }
}

it.each(ways)('$what: $ends', async ({ apples = 1, points = 1, ...way }) => {
  await shop.begin({ apples, points });
  await shop.place('o-1');
  if (way.cancelled) await shop.cancel('o-1');
  const open: HandDelivery[] = await shop.handOver();
  const wishes = [...way.wishes];
  while (open.length > 0) {
    const wish = wishes.shift();
    const at = wish === undefined ? 0 : open.findIndex((one) => nameOf(one) === wish);
    if (at < 0) throw new Error(`Nobody has said what is to be delivered: ${String(wish)}`);
    const [delivery] = open.splice(at, 1);
    if (!delivery) throw new Error('Nothing is left');
    seen.add(`${nameOf(delivery)} ${await shop.deliver(delivery)}`);
    const { event, subscriber } = delivery;
    // The inbox takes the reaction's name from the table, the barrier from the executed step.
    if (subscriber !== 'order') {
      const steps = await shop.databases[subscriber]('steps').pluck('step');
      expect(steps).toContain(reactionOf(event.type, subscriber));
    }
    open.push(...(await shop.handOver()));
  }
  expect(await shop.orderRow('o-1')).toMatchObject({
    status: way.ends,
    reason: way.reason ?? null,
  });
  await shop.expectClean();
  await noteTables();
});

it('the table contains exactly these events', () => {
  const written = Object.entries(events).flatMap(([type, { subscriptions }]) =>
    subscriptions.flatMap(({ subscriber, emits }) =>
      emits.map((emitted) => `${type} ${subscriber} ${emitted}`),
    ),
  );
  expect([...seen].sort()).toEqual(written.sort());
});

it('each event is in the outbox of the service that the table names', () => {
  const written = Object.entries(events).map(([type, { emittedBy }]) => `${type} ${emittedBy}`);
  expect([...said].sort()).toEqual(written.sort());
});

it('each event triggers the reaction that the table names', () => {
  const written = Object.entries(events).flatMap(([type, { subscriptions }]) =>
    subscriptions.map(({ subscriber, reaction }) => `${type} ${subscriber} ${reaction}`),
  );
  expect([...heard].sort()).toEqual(written.sort());
});

function nameOf({ event, subscriber }: HandDelivery): Wish {
  return `${event.type} ${subscriber}`;
}
