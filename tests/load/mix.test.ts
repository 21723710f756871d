import fc from 'fast-check';
import { generateOrders } from '../../tools/load/generator';
import { mixPatterns, patternsOf } from '../../tools/load/mix';
import type { LoadOrder } from '../../tools/load/order-file';
import type { RunningStack } from '../../tools/stack/state';
import type { Pattern } from '../../contracts/order';

const patterns: Pattern[] = ['lock', 'tcc', 'saga'];

async function mixedOf(orders: Iterable<LoadOrder>, seed: number): Promise<LoadOrder[]> {
  const mixed: LoadOrder[] = [];
  for await (const order of mixPatterns(orders, patterns, seed)) mixed.push(order);
  return mixed;
}

test('draws the same patterns for the same seed, and does not change the orders', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 32 - 1 }), async (seed) => {
      const plain = [...generateOrders(20, seed)];
      const mixed = await mixedOf(plain, seed);
      expect(await mixedOf(plain, seed)).toEqual(mixed);
      expect(mixed.map(({ customerId, items }) => ({ customerId, items }))).toEqual(plain);
    }),
  );
});

test('draws every pattern in its share', async () => {
  const mixed = await mixedOf(generateOrders(3_000, 1), 1);
  for (const pattern of patterns) {
    const share = mixed.filter((order) => order.pattern === pattern).length;
    expect(share).toBeGreaterThan(900);
    expect(share).toBeLessThan(1_100);
  }
});

test('keeps the pattern that an order names', async () => {
  const order: LoadOrder = { customerId: 'c-1', items: [{ productId: 'p-1', quantity: 1 }] };
  const named = Array.from({ length: 20 }, () => ({ ...order, pattern: 'xa' as const }));
  expect(await mixedOf(named, 1)).toEqual(named);
});

test('draws only patterns that the stack offers', () => {
  const stack = (databaseServers: RunningStack['databaseServers']) =>
    patternsOf({ databaseServers } as RunningStack);
  expect(stack('one')).toEqual(expect.arrayContaining(['lock', 'saga']));
  expect(stack('separate')).toContain('saga');
  expect(stack('separate')).not.toContain('lock');
});
