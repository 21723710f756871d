import { plantCompleted } from '../../tools/measure/planting';
import { productId, seedDatabase } from '../../migrations/seed';
import { createWorld, type World } from '../audit/world';

/** The auditor cannot tell the orders that the benchmark plants from orders that were placed. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
beforeEach(async () => {
  await world.begin();
  await world.databases.product('products').delete();
  await world.databases.point('point_accounts').delete();
  await seedDatabase('product', world.databases.product);
  await seedDatabase('point', world.databases.point);
});
afterAll(() => world.end());

test('twelve hundred planted orders are all proved', async () => {
  await plantCompleted(world.databases, 1_000);
  await plantCompleted(world.databases, 200);
  const report = await world.audit();
  expect(report.violations).toEqual([]);
  expect(report).toMatchObject({ clean: true, atRest: true, orders: 1_200 });
  expect(report.byStatus.COMPLETED).toBe(1_200);
});

test('a shop with nothing to sell is refused', async () => {
  await world.databases
    .product('products')
    .where('product_id', '<', productId(991))
    .update({ available: 0 });
  await expect(plantCompleted(world.databases, 5)).rejects.toThrow('insufficient-stock');
});
