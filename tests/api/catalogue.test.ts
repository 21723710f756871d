import { call, createHarness, problemLike, token, type ApiHarness } from './harness';

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({
    'p-1': { available: 3, price: 5 },
    'p-2': { available: 0, price: 7 },
    'p-3': { available: 1, price: 9 },
  });
  await harness.databases
    .product('products')
    .where('product_id', 'p-3')
    .update({ retired_at: new Date(), name: '<script>alert(1)</script>' });
  await harness.databases.points({ 'c-1': 42 });
});

afterAll(() => harness.close());

const asRole = async (role: string, path: string, method = 'GET') => {
  const bearer = await token('c-1', { claims: { role } });
  const response = await harness.api.request(path, {
    method,
    headers: { Authorization: `Bearer ${bearer}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('GET /products', () => {
  test('shows each product with its price and stock', async () => {
    const { status, body } = await call(harness.api, 'GET', '/products');
    expect(status).toBe(200);
    const product = (productId: string, price: number, available: number, more = {}) => ({
      productId,
      name: productId,
      price,
      available,
      reserved: 0,
      retired: false,
      ...more,
    });
    expect(body).toEqual({
      products: [
        product('p-1', 5, 3),
        product('p-2', 7, 0),
        product('p-3', 9, 1, { retired: true, name: '<script>alert(1)</script>' }),
      ],
      nextCursor: null,
    });
  });

  test('answers in pages', async () => {
    const first = await call(harness.api, 'GET', '/products?limit=2');
    expect(first.body['nextCursor']).toBe('p-2');
    const second = await call(harness.api, 'GET', '/products?limit=2&cursor=p-2');
    expect(second.body).toMatchObject({ products: [{ productId: 'p-3' }], nextCursor: null });
  });

  test.each(['customer', 'viewer', 'operator', 'approver'])('answers a %s too', async (role) => {
    expect((await asRole(role, '/products')).status).toBe(200);
  });
});

describe('GET /points', () => {
  test('shows the caller’s points, and zero without an account', async () => {
    const mine = await call(harness.api, 'GET', '/points');
    expect([mine.status, mine.body]).toEqual([
      200,
      { customerId: 'c-1', available: 42, reserved: 0 },
    ]);
    const nobody = await call(harness.api, 'GET', '/points', { as: 'c-2' });
    expect(nobody.body).toEqual({ customerId: 'c-2', available: 0, reserved: 0 });
  });
});

describe('the customers’ routes', () => {
  const routes: [string, string][] = [
    ['GET', '/points'],
    ['GET', '/orders'],
    ['POST', '/orders'],
    ['GET', '/orders/o-1'],
    ['POST', '/orders/o-1/place'],
    ['POST', '/orders/o-1/cancel'],
  ];

  test.each(routes)('%s %s is for customers only', async (method, path) => {
    for (const role of ['viewer', 'operator', 'approver']) {
      const { status, body } = await asRole(role, path, method);
      expect(status).toBe(403);
      expect(body).toEqual(problemLike('forbidden', 403));
    }
  });

  test.each([...routes, ['GET', '/products']])('%s %s needs a token', async (method, path) => {
    const response = await harness.api.request(path, { method });
    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="orders"');
    expect(await response.json()).toEqual(problemLike('unauthenticated', 401));
  });
});

describe('health and OpenAPI need no token', () => {
  test('GET /health/live', async () => {
    const response = await harness.api.request('/health/live');
    expect([response.status, await response.json()]).toEqual([200, { status: 'live' }]);
  });

  test('GET /health/ready names its dependencies', async () => {
    const response = await harness.api.request('/health/ready');
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        status: 'ready',
        dependencies: { order: 'up', product: 'up', point: 'up', temporal: 'up' },
      },
    ]);
  });

  test('GET /health/ready names a dependency that is down or never answers', async () => {
    const away = () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7:7233'));
    const api = harness.another({
      temporalReady: away,
      participants: {
        ...harness.deps.participants,
        point: {
          ...harness.deps.participants.point,
          ready: () => new Promise(() => undefined),
        },
      },
    });
    const response = await api.request('/health/ready');
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('1');
    expect(await response.json()).toEqual(
      problemLike('unavailable', 503, {
        dependencies: { order: 'up', product: 'up', point: 'down', temporal: 'down' },
      }),
    );
  });

  test('GET /health/ready checks at most once a second', async () => {
    let asked = 0;
    const temporalReady = () => {
      asked++;
      return Promise.resolve();
    };
    const api = harness.another({ temporalReady });
    await Promise.all(Array.from({ length: 20 }, async () => api.request('/health/ready')));
    expect(asked).toBe(1);
  });

  test('GET /openapi.json describes every route', async () => {
    const response = await harness.api.request('/openapi.json');
    const { paths, openapi } = (await response.json()) as {
      openapi: string;
      paths: Record<string, Record<string, { security?: unknown; requestBody?: unknown }>>;
    };
    expect(openapi).toBe('3.1.0');
    const methods = Object.entries(paths).map(
      ([path, item]) => `${path} ${Object.keys(item).sort().join()}`,
    );
    expect(methods.sort()).toEqual([
      '/health/live get',
      '/health/ready get',
      '/operator/alerts get',
      '/operator/in-doubt get',
      '/operator/orders get',
      '/operator/orders/{orderId} get',
      '/operator/orders/{orderId}/resolve post',
      '/orders get,post',
      '/orders/{orderId} get',
      '/orders/{orderId}/cancel post',
      '/orders/{orderId}/place post',
      '/points get',
      '/products get',
    ]);
    expect(paths['/orders']?.['post']).toMatchObject({
      security: [{ bearer: [] }],
      parameters: [{ name: 'Idempotency-Key', in: 'header', required: true }],
      requestBody: { required: true },
    });
  });
});

describe('paths and methods', () => {
  test.each([
    '/',
    '/order',
    '/orders/',
    '/orders/o-1/',
    '/orders/o-1/place/x',
    '/ORDERS',
    '/health',
  ])('%s is not found', async (path) => {
    const response = await harness.api.request(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual(problemLike('not-found', 404));
  });

  test.each([
    ['PUT', '/orders', 'GET, HEAD, POST'],
    ['DELETE', '/orders/o-1', 'GET, HEAD'],
    ['GET', '/orders/o-1/place', 'POST'],
    ['OPTIONS', '/orders/o-1/cancel', 'POST'],
    ['POST', '/products', 'GET, HEAD'],
    ['PATCH', '/health/live', 'GET, HEAD'],
    ['POST', '/openapi.json', 'GET, HEAD'],
  ])('%s %s is not allowed', async (method, path, allow) => {
    const response = await harness.api.request(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('Allow')).toBe(allow);
    expect(await response.json()).toEqual(problemLike('method-not-allowed', 405));
  });

  test('ignores headers that request another method', async () => {
    const { status } = await call(harness.api, 'GET', '/orders', {
      headers: { 'X-HTTP-Method-Override': 'DELETE', 'X-Method-Override': 'POST' },
    });
    expect(status).toBe(200);
  });
});

describe('every answer', () => {
  test.each([
    ['/health/live', 200],
    ['/products', 401],
    ['/nowhere', 404],
  ])('of %s is secured', async (path, status) => {
    const response = await harness.api.request(path);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-security-policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(response.headers.get('X-Powered-By')).toBeNull();
    expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull();
  });

  test('carries the caller’s request id if it is harmless, and otherwise a new one', async () => {
    const requestId = async (sent: string) => {
      const response = await harness.api.request('/nowhere', { headers: { 'X-Request-Id': sent } });
      const body = (await response.json()) as { requestId: string };
      expect(response.headers.get('X-Request-Id')).toBe(body.requestId);
      return body.requestId;
    };
    expect(await requestId('trace-1')).toBe('trace-1');
    for (const hostile of ['<script>', 'a b', 'a'.repeat(129), '${jndi:x}', "';--"]) {
      expect(await requestId(hostile)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});
