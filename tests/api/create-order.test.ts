import { call, createHarness, problemLike, type ApiHarness } from './harness';

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
    'p-retired': { available: 100, price: 7 },
    'p-dear': { available: 100, price: Number.MAX_SAFE_INTEGER },
  });
  await harness.databases
    .product('products')
    .where('product_id', 'p-retired')
    .update({ retired_at: new Date() });
});

const items = [
  { productId: 'p-2', quantity: 2 },
  { productId: 'p-1', quantity: 1000 },
];

let keys = 0;
const freshKey = () => ({ 'Idempotency-Key': `orders-${String(++keys)}` });

const create = (body: unknown, headers: Record<string, string> = freshKey(), as = 'c-1') =>
  call(harness.api, 'POST', '/orders', { body, headers, as });

describe('POST /orders', () => {
  test('creates an order with the current prices', async () => {
    const { status, headers, body } = await create({ items });
    expect(status).toBe(201);
    expect(body).toEqual({
      orderId: expect.stringMatching(/^o-[0-9a-f-]{36}$/) as string,
      status: 'CREATED',
      items: [
        { productId: 'p-2', quantity: 2, unitPrice: 7 },
        { productId: 'p-1', quantity: 1000, unitPrice: 5 },
      ],
      total: 5_014,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    expect(headers.get('Location')).toBe(`/orders/${String(body['orderId'])}`);
    expect(headers.get('Idempotency-Hit')).toBeNull();
    await harness.databases.product('products').update({ price: 99 });
    const { body: later } = await call(harness.api, 'GET', `/orders/${String(body['orderId'])}`);
    expect(later).toMatchObject({ total: 5_014, items: body['items'] });
  });

  test('answers a repeated key the same, even if prices or products have changed', async () => {
    const headers = freshKey();
    const first = await create({ items }, headers);
    await call(harness.api, 'POST', `/orders/${String(first.body['orderId'])}/place`);
    await harness.databases.product('products').update({ price: 99, retired_at: new Date() });
    const spaced =
      '{ "items" : [{"quantity":2,"productId":"p-2"},\n{"quantity":1e3,"productId":"p-1"}]}';
    const again = await create(spaced, headers);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('Idempotency-Hit')).toBe('true');
    expect(again.headers.get('Location')).toBe(first.headers.get('Location'));
    expect(await harness.ordersWritten()).toBe(1);
  });

  test.each([
    ['another quantity', [{ productId: 'p-1', quantity: 2 }]],
    ['another sequence of items', [...items].reverse()],
    ['a retired product', [{ productId: 'p-retired', quantity: 1 }]],
  ])('refuses a used key with %s', async (_what, others) => {
    const headers = freshKey();
    await create({ items }, headers);
    const { status, body } = await create({ items: others }, headers);
    expect(status).toBe(422);
    expect(body).toEqual(problemLike('idempotency-key-reuse', 422));
    expect(await harness.ordersWritten()).toBe(1);
  });

  test('another customer’s key is unrelated', async () => {
    const headers = freshKey();
    const mine = await create({ items }, headers, 'c-1');
    const theirs = await create({ items: items.slice(1) }, headers, 'c-2');
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(mine.body['orderId']).not.toBe(theirs.body['orderId']);
  });

  test('lets a key be used again if its first request created nothing', async () => {
    const headers = freshKey();
    const refused = await create({ items: [{ productId: 'p-none', quantity: 1 }] }, headers);
    expect(refused.status).toBe(422);
    const created = await create({ items }, headers);
    expect([created.status, created.headers.get('Idempotency-Hit')]).toEqual([201, null]);
  });

  test('a hundred identical requests over two APIs create one order and get one answer', async () => {
    const headers = freshKey();
    const other = harness.another();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        call(i % 2 === 0 ? harness.api : other, 'POST', '/orders', { body: { items }, headers }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const fresh = answers.filter((answer) => answer.headers.get('Idempotency-Hit') === null);
    expect(fresh).toHaveLength(1);
    expect(await harness.ordersWritten()).toBe(1);
    expect(await harness.databases.order('order_lines').select()).toHaveLength(2);
  });

  test('refuses a key whose first request is in progress, and accepts it later', async () => {
    const headers = freshKey();
    const holder = await harness.databases.order.transaction();
    await holder('orders').insert({
      order_id: 'o-held',
      customer_id: 'c-1',
      idempotency_key: headers['Idempotency-Key'],
      request_hash: 'v1:held',
      total: 1,
    });
    const early = await create({ items }, headers);
    await holder.rollback();
    expect(early.status).toBe(409);
    expect(early.headers.get('Retry-After')).toBe('1');
    expect(early.body).toEqual(problemLike('idempotency-key-in-use', 409));
    expect((await create({ items }, headers)).status).toBe(201);
  });

  test('names all products that cannot be ordered', async () => {
    const { status, body } = await create({
      items: ['p-none', 'p-1', 'p-retired', 'P-1'].map((productId) => ({ productId, quantity: 1 })),
    });
    expect(status).toBe(422);
    expect(body).toEqual(
      problemLike('unknown-product', 422, {
        errors: [
          { pointer: '/items/0/productId', detail: 'is not known' },
          { pointer: '/items/2/productId', detail: 'is no longer sold' },
          { pointer: '/items/3/productId', detail: 'is not known' },
        ],
      }),
    );
    expect(await harness.ordersWritten()).toBe(0);
  });

  test('refuses a total that exceeds the number range', async () => {
    const dear = (quantity: number) => create({ items: [{ productId: 'p-dear', quantity }] });
    await expect(dear(1)).resolves.toMatchObject({ body: { total: Number.MAX_SAFE_INTEGER } });
    const { status, body } = await dear(2);
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: '/problems/validation', errors: [{ pointer: '/items' }] });
  });

  test.each<[string, string | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['blank', '  '],
    ['too long', 'k'.repeat(256)],
    ['not ASCII', 'schlüssel'],
    ['not printable', 'a\tb'],
  ])('refuses an Idempotency-Key that is %s', async (_what, key) => {
    const { status, body } = await create(
      { items },
      key === undefined ? {} : { 'Idempotency-Key': key },
    );
    expect(status).toBe(400);
    expect(body).toEqual(problemLike('invalid-idempotency-key', 400));
    expect(await harness.ordersWritten()).toBe(0);
  });

  test.each(['!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~', 'a b', 'k'.repeat(255), 'A', 'a'])(
    'accepts %s as a key',
    async (key) => {
      await expect(create({ items }, { 'Idempotency-Key': key })).resolves.toMatchObject({
        status: 201,
      });
    },
  );
});
