import type { Knex } from 'knex';
import { createHandDelivered, type HandDelivered } from './hand-delivery';

/** Which faults park an event, and which only delay it. */

let shop: HandDelivered;
/** The fault that every transaction of the services meets first. */
let fault: (() => Error) | undefined;

beforeAll(async () => {
  shop = await createHandDelivered(failing);
});

afterAll(() => shop.end());

beforeEach(async () => {
  fault = undefined;
  await shop.begin({ apples: 5, points: 5 });
});

/** Transactions do their work and then meet the fault; recording a fault succeeds. */
function failing(knex: Knex): Knex {
  return new Proxy(knex, {
    get(target, property, receiver) {
      if (property !== 'transaction') return Reflect.get(target, property, receiver) as unknown;
      return <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
        target.transaction(async (trx) => {
          const result = await work(trx);
          const outcomes = Array.isArray(result) ? (result as { kind?: string }[]) : [];
          if (fault && outcomes.some(({ kind }) => kind === 'reacted')) throw fault();
          return result;
        });
    },
  });
}

const coded = (words: object) => () => Object.assign(new Error('a fault'), words);

async function toProduct() {
  await shop.place('o-1');
  const deliveries = await shop.handOver();
  const delivery = deliveries.find(({ subscriber }) => subscriber === 'product');
  if (!delivery) throw new Error('Nothing is delivered to the product service');
  return delivery;
}

const inbox = () => shop.databases.product('inbox').select('tries', 'parked_at', 'emitted');

it.each([
  ['is away', { code: 'ECONNREFUSED' }],
  ['is lost at COMMIT', { code: 'PROTOCOL_CONNECTION_LOST' }],
  ['reports a locked row', { errno: 1205 }],
  ['deadlocks', { errno: 1213 }],
  ['is read-only', { errno: 1290 }],
  ['has no space', { errno: 1114 }],
])('a database that %s parks no event, however often it is retried', async (_what, words) => {
  const delivery = await toProduct();
  fault = coded(words);
  for (let i = 0; i < 7; i += 1) await expect(shop.deliver(delivery)).rejects.toThrow();
  expect(await inbox()).toEqual([]);
  fault = undefined;
  expect(await shop.deliver(delivery)).toBe('StockDeducted');
});

it.each([
  ['a bug', {}],
  ['a deployment fault', { errno: 1146 }],
])('%s is retried five times, and then parks the event', async (_what, words) => {
  const delivery = await toProduct();
  fault = coded(words);
  for (let i = 0; i < 4; i += 1) await expect(shop.deliver(delivery)).rejects.not.toThrow('parked');
  expect(await inbox()).toEqual([{ tries: 4, parked_at: null, emitted: null }]);
  await expect(shop.deliver(delivery)).rejects.toThrow('was parked');
  // It stays parked after the fault is gone, because only an operator may release it.
  fault = undefined;
  await expect(shop.deliver(delivery)).rejects.toThrow('was parked');
  expect(await inbox()).toMatchObject([{ tries: 5, emitted: null }]);
});

it.each([
  ['a violated guard', { errno: 3819 }],
  ['data that the database cannot store', { errno: 1406 }],
  ['an effect that exists already', { errno: 1062 }],
])('%s parks the event at once, and nothing of the reaction is kept', async (_what, words) => {
  const delivery = await toProduct();
  fault = coded(words);
  await expect(shop.deliver(delivery)).rejects.toThrow('was parked');
  expect(await shop.databases.product('stock_ledger')).toEqual([]);
  expect(await shop.databases.product('steps')).toEqual([]);
  expect(await shop.databases.product('outbox')).toEqual([]);
});
