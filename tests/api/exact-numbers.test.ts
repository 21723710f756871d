import { createHarness, token, type ApiHarness } from './harness';

/** Balances, prices and totals up to their columns' limits: the answer has every digit. */

let harness: ApiHarness;
const columnMax = '9223372036854775807';

beforeAll(async () => {
  harness = await createHarness();
  const { product, point, order } = harness.databases;
  await product('products').insert({
    product_id: 'p-1',
    name: 'p-1',
    price: columnMax,
    available: '9007199254740993',
    reserved: columnMax,
    opening: 0,
  });
  await point('point_accounts').insert({
    customer_id: 'c-1',
    available: columnMax,
    reserved: '9007199254740993',
    opening: 0,
  });
  const row = { order_id: 'o-1', customer_id: 'c-1', idempotency_key: 'k', request_hash: 'h' };
  await order('orders').insert({ ...row, total: '9007199254740993', status: 'PENDING' });
  const line = { order_id: 'o-1', line_number: 1, product_id: 'p-1', quantity: 1 };
  await order('order_lines').insert({ ...line, unit_price: '9007199254740993' });
});

afterAll(() => harness.close());

async function textOf(path: string, role = 'customer'): Promise<string> {
  const bearer = await token('c-1', { claims: { role } });
  const response = await harness.api.request(path, {
    headers: { Authorization: `Bearer ${bearer}` },
  });
  expect([response.status, response.headers.get('Content-Type')]).toEqual([
    200,
    'application/json',
  ]);
  return response.text();
}

test('GET /products', async () => {
  expect(await textOf('/products')).toBe(
    `{"products":[{"productId":"p-1","name":"p-1","price":${columnMax},` +
      `"available":9007199254740993,"reserved":${columnMax},"retired":false}],"nextCursor":null}`,
  );
});

test('GET /points', async () => {
  expect(await textOf('/points')).toBe(
    `{"customerId":"c-1","available":${columnMax},"reserved":9007199254740993}`,
  );
});

test.each([
  ['/orders', 'customer'],
  ['/orders/o-1', 'customer'],
  ['/operator/orders?status=PENDING', 'viewer'],
])('the totals of GET %s', async (path, role) => {
  expect(await textOf(path, role)).toContain('"total":9007199254740993,');
});

test("the prices of an order's lines", async () => {
  expect(await textOf('/orders/o-1')).toContain('"unitPrice":9007199254740993}');
});

test('the OpenAPI document describes them as 64-bit integers', async () => {
  const { components } = (await (await harness.api.request('/openapi.json')).json()) as {
    components: { schemas: Record<string, { properties: Record<string, object> }> };
  };
  const integer = { type: 'integer', format: 'int64', minimum: 0 };
  expect(components.schemas['Points']?.properties['available']).toEqual(integer);
  expect(components.schemas['OrderSummary']?.properties['total']).toEqual(integer);
});
