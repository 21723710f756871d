import { createdOrder, createHarness, token, type ApiHarness } from './harness';

/** In MySQL `'c-1' = 0` is true, so only a string may be compared with a string column. */

let harness: ApiHarness;
let orderId: string;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
  await harness.databases.points({ 'c-1': 100 });
  orderId = await createdOrder(harness.api);
});

afterAll(() => harness.close());

const others = [0, 1, false, true, ['c-1'], { toString: () => 'c-1' }, Buffer.from('c-1')];

type Door = (value: never) => Promise<unknown>;
const draft = { orderId: 'o-9', customerId: 'c-1', idempotencyKey: 'k', requestHash: 'h' };

describe.each<[string, () => Door]>([
  ['an order', () => (value) => harness.deps.orders.byId(value)],
  ['orders to place', () => (value) => harness.deps.orders.placeable([value])],
  ['a customer’s orders', () => (value) => harness.deps.orders.page(value, 10)],
  ['the orders after a cursor', () => (value) => harness.deps.orders.page('c-1', 10, value)],
  ['ended orders', () => (value) => harness.deps.orders.settled([value])],
  ['waiting orders after a cursor', () => (value) => harness.deps.orders.pending(10, value)],
  ['a parked event', () => (value) => harness.deps.orders.parked(value)],
  ['a cancel', () => (value) => harness.deps.intake.cancelOrder(value)],
  ['a claim', () => (value) => harness.deps.intake.claimOrders([value], 'w', 'saga')],
  [
    'a creation',
    () => (value) =>
      harness.deps.intake.createOrders([{ ...draft, customerId: value, lines: [], total: 1 }]),
  ],
  [
    'the order of a key',
    () => (value) => harness.deps.intake.findCreated({ ...draft, customerId: value }),
  ],
  ['products', () => (value) => harness.deps.products.byIds([value])],
  ['the products after a cursor', () => (value) => harness.deps.products.page(10, value)],
  ['steps', () => (value) => harness.deps.participants.product.stepsOf([value])],
  [
    'branches',
    () => (value) => harness.deps.participants.point.branchesInDoubt({ orderId: value, limit: 1 }),
  ],
  ['a balance', () => (value) => harness.deps.points.balanceOf(value)],
])('%s', (_what, doorOf) => {
  test.each(others.map((value) => [value]))('is not found by %j', async (value) => {
    await expect(doorOf()(value as never)).rejects.toThrow(TypeError);
    expect(await harness.ordersWritten()).toBe(1);
    expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', owner: null });
  });
});

test.each([0.5, -1, Number.NaN, '10', [10]])('a limit of %j is refused', async (limit) => {
  const { orders, products } = harness.deps;
  const lists = [
    async () => orders.page('c-1', limit as never),
    async () => products.page(limit as never),
    async () => orders.openAlerts(limit as never),
    async () => orders.pending(limit as never),
  ];
  for (const list of lists) await expect(list()).rejects.toThrow(TypeError);
});

test.each([0, false, true, ['c-1']])(
  'a caller whose token says %j is not authenticated',
  async (sub) => {
    const authorization = `Bearer ${await token('c-1', { claims: { sub } })}`;
    const ask = (method: string, path: string, headers: object = {}) =>
      harness.api.request(path, { method, headers: { authorization, ...headers } });
    const created = await harness.api.request('/orders', {
      method: 'POST',
      headers: { authorization, 'Idempotency-Key': 'k', 'Content-Type': 'application/json' },
      body: '{"items":[{"productId":"p-1","quantity":1}]}',
    });
    const answers = [
      created,
      await ask('GET', '/orders'),
      await ask('GET', `/orders/${orderId}`),
      await ask('GET', '/points'),
      await ask('POST', `/orders/${orderId}/place`),
      await ask('POST', `/orders/${orderId}/cancel`),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(await harness.ordersWritten()).toBe(1);
  },
);
