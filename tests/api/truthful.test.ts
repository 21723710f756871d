import type { Answer } from './harness';
import { cancelWith, hang, idsOf } from './fake-workflows';
import { createdOrder, createHarness, problemLike, token, type ApiHarness } from './harness';
import { place, prefer } from './placing';

/** What an answer says is true when it is sent. */

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness({
    resolve: { run: (...call) => resolveOrder(...call), isOpen: () => Promise.resolve(false) },
    releaseEvent: () => Promise.reject(new Error('the answer was lost')),
  });
});

afterAll(() => harness.close());

beforeEach(async () => {
  await harness.databases.empty();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
  harness.workflows.reset();
});

type Resolve = NonNullable<ApiHarness['deps']['resolve']>['run'];
let resolveOrder: Resolve = () => Promise.resolve('unsafe');

async function asOperator(method: string, path: string, body?: object): Promise<Answer> {
  const claims = { role: 'operator' };
  const response = await harness.api.request(path, {
    method,
    headers: {
      Authorization: `Bearer ${await token('olga', { claims })}`,
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
}

describe('Preference-Applied', () => {
  const applied = async (orderId: string, header: string, api = harness.api) => {
    const { status, headers } = await place(api, orderId, prefer(header));
    return [status, headers.get('Preference-Applied')];
  };

  test('is not sent if the order ended before the wait was over', async () => {
    expect(await applied(await createdOrder(harness.api), 'wait=10')).toEqual([200, null]);
    harness.workflows.play = cancelWith('insufficient-points');
    expect(await applied(await createdOrder(harness.api), 'wait=10')).toEqual([409, null]);
  });

  test('is not sent if the order is PENDING', async () => {
    harness.workflows.play = async ({ input }, database) => {
      await database('orders').whereIn('order_id', idsOf(input)).update({ status: 'PENDING' });
    };
    expect(await applied(await createdOrder(harness.api), 'wait=10')).toEqual([202, null]);
  });

  test('is not sent for a pattern that answers at once', async () => {
    harness.workflows.play = hang;
    const api = harness.another({
      patterns: { choreography: { start: harness.workflows.start, answersAtOnce: true } },
      defaultPattern: 'choreography',
    });
    expect(await applied(await createdOrder(api), 'wait=10', api)).toEqual([202, null]);
    const asked = await applied(await createdOrder(api), 'respond-async', api);
    expect(asked).toEqual([202, 'respond-async']);
  });
});

describe('an order that is refused for lack of stock', () => {
  const items = Array.from({ length: 40 }, (_, i) => ({
    productId: `p-${String(i + 1)}`,
    quantity: 4,
  }));
  const refused = async (short: number) => {
    const stock = (available: (index: number) => number) =>
      harness.databases.stock(
        Object.fromEntries(
          items.map(({ productId }, i) => [productId, { available: available(i) }]),
        ),
      );
    await stock(() => 9);
    const orderId = await createdOrder(harness.api, items);
    harness.workflows.play = cancelWith('insufficient-stock');
    await stock((index) => (index < short ? 3 : 9));
    const { status, body } = await place(harness.api, orderId);
    return { status, body, orderId };
  };
  const product = (productId: string) => ({ productId, quantity: 4, available: 3 });

  test.each([
    [1, 'p-1.'],
    [2, 'p-1 and p-2.'],
    [5, 'p-1, p-2, p-3 and 2 more.'],
  ])('names the %d products that are short', async (short, words) => {
    const { status, body, orderId } = await refused(short);
    const products = items.slice(0, short).map(({ productId }) => product(productId));
    const reason = 'insufficient-stock';
    expect(status).toBe(409);
    expect(body).toEqual(problemLike(reason, 409, { orderId, reason, products }));
    expect(body['detail']).toContain(`Currently short of stock: ${words}`);
  });

  test('names no product if there is enough now, or the stock cannot be read', async () => {
    const { body, orderId } = await refused(0);
    expect(body).toEqual(
      problemLike('insufficient-stock', 409, { orderId, reason: 'insufficient-stock' }),
    );
    const blind = harness.another({
      products: {
        ...harness.deps.products,
        byIds: () => Promise.reject(new Error('the product database is away')),
      },
    });
    expect((await place(blind, orderId)).body).toEqual({
      ...body,
      requestId: expect.stringMatching(/./) as string,
    });
  });
});

describe('a refused resolution', () => {
  test.each([
    ['confirm', 'saga', null, 'has no decision yet'],
    ['confirm', 'saga', 'CANCEL', 'The decision is CANCEL'],
    ['confirm', 'xa', 'COMPLETE', 'Use retry to continue the order'],
    ['cancel', 'xa', 'COMPLETE', 'the pattern xa cannot undo it'],
    ['cancel', 'tcc', 'COMPLETE', 'not every reservation could be frozen'],
  ])('%s of an order of %s decided %s says why', async (action, pattern, decision, why) => {
    const orderId = await createdOrder(harness.api);
    await harness.setRow(orderId, { status: 'PENDING', pattern, decision, owner: 'w' });
    const path = `/operator/orders/${orderId}/resolve`;
    const { status, body } = await asOperator('POST', path, { action, reason: 'x' });
    expect(status).toBe(409);
    expect(body).toEqual(problemLike('resolution-unsafe', 409, { orderId }));
    expect(body['detail']).toContain(why);
    expect(body['detail']).toMatch(/Nothing was changed\.$/);
  });

  test('names the service that has confirmed already', async () => {
    const orderId = await createdOrder(harness.api);
    const row = { status: 'PENDING', pattern: 'tcc', decision: 'COMPLETE', owner: 'w' };
    await harness.setRow(orderId, row);
    const outcome = JSON.stringify({ kind: 'done' });
    const step = { order_id: orderId, step: 'confirmStock', hash: 'h', outcome };
    await harness.databases.product('steps').insert(step);
    const path = `/operator/orders/${orderId}/resolve`;
    const { body } = await asOperator('POST', path, { action: 'cancel', reason: 'x' });
    expect(body['detail']).toContain('the product service has confirmed its part');
  });
});

describe('an unknown outcome', () => {
  const seen = async ({ status, headers, body }: Answer) => {
    expect([status, body['type']]).toEqual([503, '/problems/outcome-unknown']);
    expect(headers.get('Location')).toBe(body['lookAt']);
    return asOperator('GET', body['lookAt'] as string);
  };

  test('of a resolution names a place where an operator may look', async () => {
    resolveOrder = () => Promise.reject(new Error('the answer was lost'));
    const orderId = await createdOrder(harness.api);
    await harness.setRow(orderId, { status: 'PENDING', pattern: 'saga', owner: 'w' });
    const path = `/operator/orders/${orderId}/resolve`;
    const page = await seen(await asOperator('POST', path, { action: 'retry', reason: 'x' }));
    expect(page.status).toBe(200);
    expect(page.body).toMatchObject({ orderId, status: 'PENDING', owner: 'w', customerId: 'c-1' });
    expect((await asOperator('GET', '/operator/orders/o-none')).status).toBe(404);
  });

  test('of a release names a place where an operator may look', async () => {
    const orderId = await createdOrder(harness.api);
    const eventId = `${orderId}:OrderPlaced`;
    await harness.databases.product('inbox').insert({
      event_id: eventId,
      reaction: 'deductStock',
      type: 'OrderPlaced',
      order_id: orderId,
      payload: JSON.stringify({ eventId, type: 'OrderPlaced', orderId }),
      tries: 1,
      parked_at: new Date(),
    });
    const path = `/operator/events/${eventId}/release`;
    const page = await seen(await asOperator('POST', path, { reason: 'x' }));
    expect(page.status).toBe(200);
  });
});
