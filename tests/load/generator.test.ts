import fc from 'fast-check';
import { customerId, productId, seededWorld } from '../../migrations/seed';
import { generateOrders } from '../../tools/load/generator';
import { seededRandom, weightedIndex } from '../../tools/load/random';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const soldOut = productId(seededWorld.products);

test('generates the same orders for the same seed, and begins a longer run like a shorter one', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 50 }), (seed, count) => {
      const orders = [...generateOrders(count, seed)];
      expect([...generateOrders(count + 10, seed)].slice(0, count)).toEqual(orders);
      expect(orders).toHaveLength(count);
    }),
  );
});

test('generates other orders for another seed', () => {
  expect([...generateOrders(5, 1)]).not.toEqual([...generateOrders(5, 2)]);
});

test('always generates these orders for seed 1', () => {
  expect([...generateOrders(3, 1)]).toMatchInlineSnapshot(`
   [
     {
       "customerId": "c-00028",
       "items": [
         {
           "productId": "p-0896",
           "quantity": 1,
         },
         {
           "productId": "p-0837",
           "quantity": 1,
         },
       ],
     },
     {
       "customerId": "c-04254",
       "items": [
         {
           "productId": "p-0034",
           "quantity": 1,
         },
         {
           "productId": "p-0043",
           "quantity": 1,
         },
         {
           "productId": "p-0002",
           "quantity": 1,
         },
         {
           "productId": "p-0023",
           "quantity": 1,
         },
         {
           "productId": "p-0006",
           "quantity": 2,
         },
       ],
     },
     {
       "customerId": "c-01907",
       "items": [
         {
           "productId": "p-0027",
           "quantity": 1,
         },
       ],
     },
   ]
  `);
});

test('generates only orders that the seeded world can accept', () => {
  const products = new Set(
    Array.from({ length: seededWorld.products }, (_, i) => productId(i + 1)),
  );
  const customers = new Set(
    Array.from({ length: seededWorld.customers }, (_, i) => customerId(i + 1)),
  );
  fc.assert(
    fc.property(seeds, (seed) => {
      const orders = [...generateOrders(20, seed)];
      const wrong = orders.filter(({ customerId: customer, items }) => {
        const ids = new Set(items.map((item) => item.productId));
        const quantities = items.map(({ quantity }) => quantity);
        return !(
          customers.has(customer) &&
          items.length >= 1 &&
          items.length <= 5 &&
          ids.size === items.length &&
          [...ids].every((id) => products.has(id)) &&
          quantities.every((n) => Number.isInteger(n) && n >= 1 && n <= 20)
        );
      });
      expect(wrong).toEqual([]);
    }),
  );
});

describe('over many orders', () => {
  const orders = [...generateOrders(20_000, 7)];
  const share = (count: number) => count / orders.length;
  const lines = orders.flatMap(({ items }) => items);
  const pieces = (n: number) => lines.filter(({ productId: id }) => id === productId(n)).length;

  test('popular products occur more often', () => {
    expect(pieces(1)).toBeGreaterThan(2 * pieces(4));
    expect(pieces(4)).toBeGreaterThan(2 * pieces(40));
    expect(pieces(900)).toBeGreaterThan(0);
  });

  test('quantities and baskets are mostly small', () => {
    const small = lines.filter(({ quantity }) => quantity <= 3).length / lines.length;
    expect(small).toBeGreaterThan(0.9);
    expect(lines.length / orders.length).toBeGreaterThan(1.8);
    expect(lines.length / orders.length).toBeLessThan(2.6);
  });

  test('a few percent must fail', () => {
    const none = orders.filter(({ items }) => items.some((item) => item.productId === soldOut));
    const poor = orders.filter(
      (order) => order.customerId >= customerId(seededWorld.firstPoorCustomer),
    );
    const firstScarce = productId(seededWorld.firstScarceProduct);
    const scarce = orders.filter(({ items }) =>
      items.some(({ productId: id }) => id >= firstScarce && id < soldOut),
    );
    expect(share(none.length)).toBeCloseTo(0.01, 2);
    expect(share(poor.length)).toBeCloseTo(0.015, 2);
    expect(share(scarce.length)).toBeCloseTo(0.01, 2);
    for (const order of poor) {
      expect(order.items[0]?.quantity).toBeGreaterThan(seededWorld.poorPoints);
    }
  });
});

test('random numbers are in range and evenly distributed', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = seededRandom(seed);
      const buckets = new Array<number>(10).fill(0);
      for (let i = 0; i < 5_000; i += 1) {
        const bucket = Math.floor(random() * 10);
        buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      }
      expect(buckets).toHaveLength(10);
      for (const count of buckets) expect(Math.abs(count - 500)).toBeLessThan(150);
    }),
    { numRuns: 20 },
  );
});

test('never picks a weight of zero, and may pick every other index', () => {
  const pick = weightedIndex([0, 3, 0, 1]);
  const random = seededRandom(3);
  const picked = Array.from({ length: 2_000 }, () => pick(random));
  expect([...new Set(picked)].sort()).toEqual([1, 3]);
  const ones = picked.filter((index) => index === 1).length / picked.length;
  expect(ones).toBeCloseTo(0.75, 1);
});
