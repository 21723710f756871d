import { patterns } from '../../contracts/order';
import { services } from '../../contracts/participants';
import { defaultPatience, placeOne } from '../../tools/load/caller';
import { clientOf, expectClean, LiveStack } from './live-stack';

/** A MySQL server for each service: the API refuses `lock`, and the other patterns run. */

const live = new LiveStack();
const order = { customerId: 'c-00007', items: [{ productId: 'p-0002', quantity: 3 }] };

beforeAll(async () => {
  live.start('--separate-databases');
  await live.ready();
}, 65_000);

afterAll(() => live.end(), 60_000);

it('the API refuses lock and does nothing; the other four patterns complete', async () => {
  const stack = await live.ready();
  const client = clientOf(stack, 1);
  const urls = services.map((service) => new URL(stack.databases[service].auditorUrl));
  expect(new Set(urls.map(({ port }) => port)).size).toBe(services.length);
  expect(live.pidOf('lock-worker')).toBeUndefined();

  const { orderId = '' } = await client.create(order, 'by lock');
  const refused = await client.place(order, orderId, 'lock');
  expect(refused).toMatchObject({ status: 422, problem: 'pattern-unavailable' });
  expect(await client.look(order, `/orders/${orderId}`)).toMatchObject({ orderStatus: 'CREATED' });

  const others = patterns.filter((pattern) => pattern !== 'lock');
  expect(others).toHaveLength(4);
  for (const pattern of others) {
    const options = { key: `by ${pattern}`, pattern, patience: defaultPatience };
    const { outcome } = await placeOne(client, order, options);
    expect([pattern, outcome]).toEqual([pattern, { kind: 'completed' }]);
  }
  // The refusal does not end the order.
  expect(await client.place(order, orderId, undefined)).toMatchObject({ orderStatus: 'COMPLETED' });
  await client.close();
  await expectClean(stack);
});
