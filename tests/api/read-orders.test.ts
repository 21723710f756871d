import { call, createdOrder, createHarness, problemLike, type ApiHarness } from './harness';

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness.close());

beforeEach(async () => {
  await harness.databases.empty();
  await harness.databases.stock({
    'p-1': { available: 100, price: 5 },
    'p-2': { available: 100, price: 7 },
  });
});

describe('GET /orders/{orderId}', () => {
  test('shows the order with the steps of both participants, oldest first', async () => {
    const orderId = await createdOrder(harness.api);
    const step = (name: string, outcome: object, at: string) => ({
      order_id: orderId,
      step: name,
      hash: 'h',
      outcome: JSON.stringify(outcome),
      recorded_at: at,
    });
    await harness.databases
      .product('steps')
      .insert([
        step(
          'deductStock',
          { kind: 'rejected', code: 'insufficient-stock' },
          '2026-01-01 00:00:01.5',
        ),
        step('restoreStock', { kind: 'done' }, '2026-01-01 00:00:03'),
      ]);
    await harness.databases
      .point('steps')
      .insert([
        step('usePoints', { kind: 'done' }, '2026-01-01 00:00:02'),
        { ...step('refundPoints', {}, '2026-01-01 00:00:04'), outcome: null },
      ]);
    const { status, body } = await call(harness.api, 'GET', `/orders/${orderId}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      orderId,
      status: 'CREATED',
      pattern: null,
      reason: null,
      total: 5,
      items: [{ productId: 'p-1', quantity: 1, unitPrice: 5 }],
      createdAt: expect.stringMatching(/Z$/) as string,
      endedAt: null,
      steps: [
        {
          service: 'product',
          step: 'deductStock',
          outcome: 'rejected',
          code: 'insufficient-stock',
          at: '2026-01-01T00:00:01.500Z',
        },
        { service: 'point', step: 'usePoints', outcome: 'done', at: '2026-01-01T00:00:02.000Z' },
        {
          service: 'product',
          step: 'restoreStock',
          outcome: 'done',
          at: '2026-01-01T00:00:03.000Z',
        },
      ],
    });
  });

  test('answers another customer’s order like one that does not exist', async () => {
    const orderId = await createdOrder(harness.api);
    const theirs = await call(harness.api, 'GET', `/orders/${orderId}`, { as: 'c-2' });
    const unknown = await call(harness.api, 'GET', '/orders/o-unknown', { as: 'c-2' });
    expect([theirs.status, unknown.status]).toEqual([404, 404]);
    expect(theirs.body).toEqual(problemLike('not-found', 404));
    const { instance, requestId } = theirs.body;
    expect({ ...unknown.body, instance, requestId }).toEqual(theirs.body);
  });

  test.each([
    '..%2f..%2fetc',
    '%2e%2e%2fadmin',
    'o-1%00',
    'o-1%20',
    '%20o-1',
    "o-1'--",
    'o%E2%80%8B-1',
    '%D0%BE-1',
    'o-1%0a',
    '%',
    '%ff',
    'a'.repeat(65),
    'o-1%2Fplace',
  ])('%s is no id', async (id) => {
    for (const [method, suffix] of [
      ['GET', ''],
      ['POST', '/place'],
      ['POST', '/cancel'],
    ] as const) {
      const { status, body } = await call(harness.api, method, `/orders/${id}${suffix}`);
      expect(status).toBe(400);
      expect(body).toEqual(problemLike('invalid-id', 400));
    }
  });
});

describe('GET /orders', () => {
  test('is empty for a customer without orders', async () => {
    await createdOrder(harness.api, undefined, 'c-2');
    const { status, body } = await call(harness.api, 'GET', '/orders');
    expect([status, body]).toEqual([200, { orders: [], nextCursor: null }]);
  });

  test('pages through the caller’s orders, newest first, each of them once', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(await createdOrder(harness.api));
    await createdOrder(harness.api, undefined, 'c-2');
    const seen: string[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const { body } = await call(harness.api, 'GET', `/orders?limit=2${query}`);
      const page = body as { orders: { orderId: string }[]; nextCursor: string | null };
      seen.push(page.orders.map(({ orderId }) => orderId));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  });

  test('shows no next page after a full last one', async () => {
    await createdOrder(harness.api);
    const { body } = await call(harness.api, 'GET', '/orders?limit=1');
    expect(body['orders']).toHaveLength(1);
    expect(body['nextCursor']).toBeNull();
    expect((body['orders'] as unknown[])[0]).toEqual({
      orderId: expect.any(String) as string,
      status: 'CREATED',
      pattern: null,
      reason: null,
      total: 5,
      createdAt: expect.any(String) as string,
      endedAt: null,
    });
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=a%20b', 'cursor'],
    ['cursor=', 'cursor'],
    ['offset=1', 'offset'],
    ['__proto__=1', '__proto__'],
  ])('?%s is refused', async (query, parameter) => {
    const { status, body } = await call(harness.api, 'GET', `/orders?${query}`);
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: '/problems/validation', errors: [{ parameter }] });
  });
});
