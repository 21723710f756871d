import { call, createHarness, problemLike, token, type ApiHarness } from './harness';

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

const items = [
  { productId: 'p-2', quantity: 2 },
  { productId: 'p-1', quantity: 1000 },
];

let keys = 0;
const freshKey = () => ({ 'Idempotency-Key': `orders-${String(++keys)}` });

const create = (body: unknown, headers: Record<string, string> = freshKey(), as = 'c-1') =>
  call(harness.api, 'POST', '/orders', { body, headers, as });

describe('an invalid body', () => {
  const line = '{"productId":"p-1","quantity":1}';

  test('gets every fault listed, and nothing is written', async () => {
    const { status, body } = await create(
      '{"items":[{"productId":"p-1","quantity":0},{"productId":"p-1","quantity":1.5,"price":1},' +
        '{"quantity":9007199254740993},7],"__proto__":{"status":"COMPLETED"},"a/b~c":1}',
    );
    expect(status).toBe(422);
    expect(body).toMatchObject(problemLike('validation', 422));
    const pointers = (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual([
      '/__proto__',
      '/a~1b~0c',
      '/items/0/quantity',
      '/items/1/price',
      '/items/1/productId',
      '/items/1/quantity',
      '/items/2/productId',
      '/items/2/quantity',
      '/items/3',
    ]);
    expect(await harness.ordersWritten()).toBe(0);
  });

  test.each<[string, string, string]>([
    ['no object', '[]', ''],
    ['null', 'null', ''],
    ['a number', '1e309', ''],
    ['no items', '{}', '/items'],
    ['items that are not a list', '{"items":{"0":1}}', '/items'],
    ['an empty list', '{"items":[]}', '/items'],
    ['a status', `{"items":[${line}],"status":"COMPLETED"}`, '/status'],
    ['an owner', `{"items":[${line}],"owner":"me"}`, '/owner'],
    ['a negative quantity', '{"items":[{"productId":"p-1","quantity":-1}]}', '/items/0/quantity'],
    ['a quantity of 1,001', '{"items":[{"productId":"p-1","quantity":1001}]}', '/items/0/quantity'],
    [
      'a quantity of 1e309',
      '{"items":[{"productId":"p-1","quantity":1e309}]}',
      '/items/0/quantity',
    ],
    [
      'a quantity that is nearly 1',
      '{"items":[{"productId":"p-1","quantity":1.00000000000000000001}]}',
      '/items/0/quantity',
    ],
    ['a quantity in quotes', '{"items":[{"productId":"p-1","quantity":"1"}]}', '/items/0/quantity'],
    ['a quantity of true', '{"items":[{"productId":"p-1","quantity":true}]}', '/items/0/quantity'],
    ['a product id of 0', '{"items":[{"productId":0,"quantity":1}]}', '/items/0/productId'],
    [
      'a product id with SQL',
      '{"items":[{"productId":"\' OR 1","quantity":1}]}',
      '/items/0/productId',
    ],
    [
      'a line feed after an id',
      '{"items":[{"productId":"p-1\\n","quantity":1}]}',
      '/items/0/productId',
    ],
  ])('%s', async (_what, text, pointer) => {
    const { status, body } = await create(text);
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: '/problems/validation', errors: [{ pointer }] });
  });

  test('with 101 items, and with a repeated product', async () => {
    const many = Array.from({ length: 101 }, (_, i) => ({
      productId: `p-${String(i)}`,
      quantity: 1,
    }));
    const tooMany = await create({ items: many });
    expect(tooMany.body['errors']).toEqual([
      { pointer: '/items', detail: 'must contain at most 100 items' },
    ]);
    const twice = await create({ items: [items[0], items[1], items[0]] });
    expect(twice.body).toMatchObject({ errors: [{ pointer: '/items/2/productId' }] });
  });

  test('with thousands of faults gets a bounded answer', async () => {
    const unknown = Array.from({ length: 1_500 }, (_, i) => `"k${String(i)}":0`).join();
    const { status, body } = await create(`{"items":[${line}],${unknown}}`);
    expect(status).toBe(422);
    expect(body['errors']).toHaveLength(200);
    expect(body['errorsOmitted']).toBe(1_300);
    const { body: tooLong } = await create(`{"items":[${'0,'.repeat(5_000)}0]}`);
    expect(tooLong['errors']).toEqual([
      { pointer: '/items', detail: 'must contain at most 100 items' },
    ]);
  });

  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['a truncated text', '{"items":[{"productId":"p-1","quantity":1}'],
    ['NaN', `{"items":[{"productId":"p-1","quantity":NaN}]}`],
    ['a repeated key', `{"items":[],"items":[${line}]}`],
    ['equal keys with equal values', `{"items":[${line}],"items":[${line}]}`],
    ['NUL in a string', '{"items":[{"productId":"\\u0000","quantity":1}]}'],
    ['half a surrogate pair', '{"items":[{"productId":"\\ud800","quantity":1}]}'],
    ['a text nested too deep', `{"items":${'['.repeat(20)}${']'.repeat(20)}}`],
    ['invalid UTF-8', Buffer.from(`{"items":[${line}],"\xff":1}`, 'latin1')],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['a byte order mark', Buffer.from('\ufeff{}')],
  ])('%s is malformed', async (_what, text) => {
    const response = await harness.api.request('/orders', {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${await token('c-1')}`,
        'Content-Type': 'application/json',
        ...freshKey(),
      },
      body: text,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual(problemLike('malformed-request', 400));
  });

  test.each<[string, Record<string, string>]>([
    ['text', { 'Content-Type': 'text/plain' }],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['nearly JSON', { 'Content-Type': 'application/jsonp' }],
    ['another JSON type', { 'Content-Type': 'application/merge-patch+json' }],
    ['another charset', { 'Content-Type': 'application/json; charset=latin1' }],
    ['two charsets', { 'Content-Type': 'application/json; charset=utf-8; charset=latin1' }],
    ['two types', { 'Content-Type': 'application/json, text/plain' }],
    ['an encoding', { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }],
    [
      'the identity encoding',
      { 'Content-Type': 'application/json', 'Content-Encoding': 'identity' },
    ],
  ])('%s is no plain JSON', async (_what, headers) => {
    const { status, body } = await create({ items }, { ...headers, ...freshKey() });
    expect(status).toBe(415);
    expect(body).toEqual(problemLike('unsupported-media-type', 415));
    expect(await harness.ordersWritten()).toBe(0);
  });

  test.each([
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/json;charset="utf-8"',
  ])('%s is', async (type) => {
    const { status } = await create({ items }, { 'Content-Type': type, ...freshKey() });
    expect(status).toBe(201);
  });

  test('is too large over 16 KiB, and not at 16 KiB', async () => {
    const padded = (bytes: number) => `{"items":[${line}]}`.padEnd(bytes, ' ');
    await expect(create(padded(16 * 1024))).resolves.toMatchObject({ status: 201 });
    const { status, body } = await create(padded(16 * 1024 + 1));
    expect(status).toBe(413);
    expect(body).toEqual(problemLike('body-too-large', 413));
  });
});
