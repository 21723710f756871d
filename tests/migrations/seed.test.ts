import { services } from '../../contracts/participants';
import { seedDatabase } from '../../migrations/seed';
import { createTestDatabases, type TestDatabases } from '../support/databases';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await createTestDatabases();
});

afterAll(() => databases.drop());

it('the seeded world is the same everywhere, and seeding again changes nothing', async () => {
  for (let times = 0; times < 2; times += 1) {
    for (const service of services) await seedDatabase(service, databases[service]);
  }
  const products = await databases.product('products').orderBy('product_id');
  const stock = (from: number, to: number) => [
    ...new Set(products.slice(from - 1, to).map((row) => row.available)),
  ];
  expect(products.map((row) => row.product_id)).toEqual(
    Array.from({ length: 1_000 }, (_, i) => `p-${String(i + 1).padStart(4, '0')}`),
  );
  expect(stock(1, 990)).toEqual([1_000_000_000]);
  expect(stock(991, 999)).toEqual([5]);
  expect(stock(1_000, 1_000)).toEqual([0]);
  const prices = products.map(({ price }) => Number(price));
  expect(Math.min(...prices)).toBe(1);

  const accounts = await databases.point('point_accounts').orderBy('customer_id');
  const points = (from: number, to: number) => [
    ...new Set(accounts.slice(from - 1, to).map((row) => row.available)),
  ];
  expect(accounts).toHaveLength(10_000);
  expect(points(1, 9_990)).toEqual([1_000_000_000]);
  expect(points(9_991, 10_000)).toEqual([10]);
});
