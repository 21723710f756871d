import { randomUUID } from 'node:crypto';
import { OutcomeUnknown, requestHash, type Creation } from '../../activities/order/intake';
import { createIntakeWorld, draft, kinds, type IntakeWorld } from './intake-world';

let world: IntakeWorld;

beforeAll(async () => {
  world = await createIntakeWorld();
});

beforeEach(() => world.databases.empty());

afterAll(() => world.close());

describe('the hash of a request', () => {
  test('covers its items in their order, and nothing else', () => {
    const a = { productId: 'a', quantity: 1 };
    const b = { productId: 'b', quantity: 2 };
    expect(requestHash([a, b])).toMatch(/^v1:.{43}$/);
    expect(requestHash([{ ...a, unitPrice: 7 } as typeof a, { quantity: 2, productId: 'b' }])).toBe(
      requestHash([a, b]),
    );
    const others = [
      [b, a],
      [a],
      [a, { ...b, quantity: 3 }],
      [{ productId: 'a,1],["b', quantity: 2 }],
    ];
    expect(new Set([[a, b], ...others].map((items) => requestHash(items))).size).toBe(5);
  });
});

describe('createOrders', () => {
  test('writes orders and their lines, and answers them', async () => {
    const wanted = [draft(), draft({ customerId: 'c-2' })];
    const creations = await world.intake.createOrders(wanted);
    expect(creations).toEqual(
      wanted.map(({ orderId, lines, total }) => ({
        kind: 'created',
        order: { orderId, lines, total, createdAt: expect.any(Date) as Date },
      })),
    );
    expect(await world.row(wanted[0]?.orderId ?? '')).toMatchObject({
      status: 'CREATED',
      owner: null,
      pattern: null,
      decision: null,
    });
    expect(await world.count('order_lines')).toBe(4);
  });

  test('answers a repeat like the first request, whatever the order’s state', async () => {
    const first = draft();
    const [creation] = await world.intake.createOrders([first]);
    await world.intake.cancelOrder(first.orderId);
    const repeat = draft({ idempotencyKey: first.idempotencyKey });
    const lines = repeat.lines.map((line) => ({ ...line, unitPrice: line.unitPrice * 2 }));
    const again = await world.intake.createOrders([{ ...repeat, lines, total: 50 }]);
    expect(again).toEqual([{ ...creation, kind: 'replayed' }]);
    expect(await world.intake.findCreated(repeat)).toEqual({ ...creation, kind: 'replayed' });
    expect(await world.count('orders')).toBe(1);
    expect(await world.count('order_lines')).toBe(2);
  });

  test('refuses a key with different content, and changes nothing', async () => {
    const first = draft();
    await world.create(first);
    const other = draft({ idempotencyKey: first.idempotencyKey, requestHash: 'v1:other' });
    expect(await world.intake.createOrders([other])).toEqual([{ kind: 'key-reused' }]);
    expect(await world.intake.findCreated(other)).toEqual({ kind: 'key-reused' });
    expect(await world.count('orders')).toBe(1);
  });

  test('distinguishes keys by customer and by case', async () => {
    const idempotencyKey = 'Key';
    const creations = await world.intake.createOrders([
      draft({ idempotencyKey }),
      draft({ idempotencyKey, customerId: 'c-2' }),
      draft({ idempotencyKey: 'key' }),
    ]);
    expect(kinds(creations)).toEqual(['created', 'created', 'created']);
    expect(
      await world.intake.findCreated(draft({ idempotencyKey, customerId: 'c-3' })),
    ).toBeUndefined();
  });

  test('distinguishes new requests, repeats and reused keys in one batch', async () => {
    const known = draft();
    await world.create(known);
    const fresh = draft();
    const creations = await world.intake.createOrders([
      draft({ idempotencyKey: known.idempotencyKey }),
      fresh,
      draft({ idempotencyKey: known.idempotencyKey, requestHash: 'v1:other' }),
      draft({ idempotencyKey: fresh.idempotencyKey }),
    ]);
    expect(kinds(creations)).toEqual(['replayed', 'created', 'key-reused', 'replayed']);
    const orderOf = (at: number) => (creations[at] as Extract<Creation, { order: unknown }>).order;
    expect(orderOf(3)).toEqual(orderOf(1));
    expect(orderOf(1)).toMatchObject({ orderId: fresh.orderId, lines: fresh.lines });
    expect(await world.count('orders')).toBe(2);
    expect(await world.count('order_lines')).toBe(4);
  });

  test('treats an order id that another order has as a bug, not as a repeat', async () => {
    const first = draft();
    await world.create(first);
    await expect(world.intake.createOrders([draft({ orderId: first.orderId })])).rejects.toThrow(
      'belongs to another order',
    );
    expect(await world.count('orders')).toBe(1);
    expect(await world.count('order_lines')).toBe(2);
  });

  test('a hundred identical concurrent requests create one order', async () => {
    const idempotencyKey = randomUUID();
    const creations = await Promise.all(
      Array.from({ length: 100 }, () => world.intake.createOrders([draft({ idempotencyKey })])),
    );
    expect(kinds(creations.flat()).filter((kind) => kind === 'created')).toHaveLength(1);
    expect(kinds(creations.flat()).filter((kind) => kind === 'replayed')).toHaveLength(99);
    expect(await world.count('orders')).toBe(1);
    expect(await world.count('order_lines')).toBe(2);
  });

  test('a hundred batches of the same twenty, in any order, create twenty orders', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `same-${String(i)}`);
    const creations = await Promise.all(
      Array.from({ length: 100 }, (_, i) => {
        const rotated = [...keys.slice(i % 20), ...keys.slice(0, i % 20)];
        return world.intake.createOrders(
          rotated.map((idempotencyKey) => draft({ idempotencyKey })),
        );
      }),
    );
    expect(kinds(creations.flat()).filter((kind) => kind === 'created')).toHaveLength(20);
    expect(await world.count('orders')).toBe(20);
    expect(await world.count('order_lines')).toBe(40);
  });

  test('reports a locked key, and creates the other orders', async () => {
    const held = draft();
    const holder = await world.databases.order.transaction();
    await holder('orders').insert({
      order_id: held.orderId,
      customer_id: held.customerId,
      idempotency_key: held.idempotencyKey,
      request_hash: held.requestHash,
      total: held.total,
    });
    const creations = await world.intake.createOrders([
      draft(),
      draft({ idempotencyKey: held.idempotencyKey }),
      draft(),
    ]);
    await holder.rollback();
    expect(kinds(creations)).toEqual(['created', 'locked', 'created']);
    expect(await world.count('orders')).toBe(2);
  });

  test('does not claim that nothing was done if one of several fails', async () => {
    const held = draft();
    const fine = draft();
    const impossible = draft({ total: 0 });
    const holder = await world.databases.order.transaction();
    await holder('orders').insert({
      order_id: 'o-held',
      customer_id: held.customerId,
      idempotency_key: held.idempotencyKey,
      request_hash: held.requestHash,
      total: 1,
    });
    try {
      await expect(world.intake.createOrders([held, fine, impossible])).rejects.toThrow(
        OutcomeUnknown,
      );
    } finally {
      await holder.rollback();
    }
    expect(await world.row(fine.orderId)).toMatchObject({ status: 'CREATED' });
  });
});
