import type { WorkflowHandle } from '@temporalio/client';
import { createOrder, startSaga } from '../support/orders';
import { createWorld, type World } from '../support/world';

/** What an operator reads of a workflow in the Temporal UI, without opening a payload. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.stop());

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 }, rare: { available: 1 } });
  await world.databases.points({ anna: 10_000 });
});

async function detailsOf(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails;
}

it('counts the orders, and names those that are not completed, with why', async () => {
  const fine = await createOrder(world);
  const refused = await createOrder(world, { lines: { rare: 2 } });
  const broken = await createOrder(world, { lines: { ghost: 1 } });
  const handle = await startSaga(world, [fine, refused, broken]);
  await handle.result();
  const details = await detailsOf(handle);
  expect(details).toContain('**3 orders**: 1 completed, 1 cancelled, 1 neither');
  expect(details).toContain(`| ${refused.orderId} | cancelled: insufficient-stock |`);
  expect(details).toMatch(
    new RegExp(`${broken.orderId} .*broken-step.md\\): deductStock, unknown-product`),
  );
  expect(details).not.toContain(fine.orderId);
});

it('names fifty orders at most, and says how many more there are', async () => {
  const orders = [];
  for (let i = 0; i < 60; i += 1) {
    orders.push(await createOrder(world, { lines: { rare: 2 } }));
  }
  const handle = await startSaga(world, orders);
  await handle.result();
  const details = await detailsOf(handle);
  expect(details.match(/insufficient-stock/g)).toHaveLength(50);
  expect(details).toContain('… and 10 more');
});
