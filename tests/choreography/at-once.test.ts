import type { Knex } from 'knex';
import { Gate, until } from '../support/orders';
import { createHandDelivered, type HandDelivered } from './hand-delivery';

/** Two concurrent replies: one of them must see both, or the order would never end. */

let shop: HandDelivered;
/** Transactions wait here between their work and their commit. */
let beforeCommit: Gate | undefined;
let waiting = 0;

beforeAll(async () => {
  shop = await createHandDelivered(held);
});

afterAll(() => shop.end());

function held(knex: Knex): Knex {
  return new Proxy(knex, {
    get(target, property, receiver) {
      if (property !== 'transaction') return Reflect.get(target, property, receiver) as unknown;
      return <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
        target.transaction(async (trx) => {
          const result = await work(trx);
          waiting += 1;
          await beforeCommit?.pass();
          return result;
        });
    },
  });
}

/** A second session waits for the order's row, which the first has locked. */
async function somebodyIsBlocked(): Promise<boolean> {
  const [rows] = (await shop.databases.order.raw(
    `SELECT 1 FROM information_schema.processlist
     WHERE db = ? AND info LIKE '%orders FORCE INDEX%' AND info LIKE '%for update%'
       AND info NOT LIKE '%processlist%'`,
    [shop.databases.names.order],
  )) as [unknown[]];
  return rows.length > 0;
}

it.each([
  ['both have taken', { apples: 1, points: 1 }, 'OrderCompleted'],
  ['one has refused', { apples: 1, points: 0 }, 'OrderCancelled'],
  ['both have refused', { apples: 0, points: 0 }, 'OrderClosed'],
])('the second of two replies waits for the first and sees it: %s', async (_what, has, last) => {
  await shop.begin(has);
  await shop.place('o-1');
  for (const delivery of await shop.handOver()) await shop.deliver(delivery);
  const [first, second] = await shop.handOver();
  if (!first || !second) throw new Error('Both have replied');

  waiting = 0;
  beforeCommit = new Gate();
  const deliveries = [shop.deliver(first)];
  await beforeCommit.reached;
  deliveries.push(shop.deliver(second));
  await until('the second waits, or has done its work', async () => {
    return waiting > 1 || (await somebodyIsBlocked());
  });
  beforeCommit.open();
  beforeCommit = undefined;
  expect(await Promise.all(deliveries)).toEqual(['ReplyNoted', last]);
});
