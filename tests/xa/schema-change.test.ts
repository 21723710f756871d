import { databaseFault } from '../../activities/order/intake';
import { createCatalogue } from '../../activities/product/catalogue';
import { openDatabase } from '../../activities/database/connection';
import { until } from '../support/orders';
import { createParticipant, order, type Participant } from './participant-world';

/** What a prepared branch prevents for readers (docs/xa.md). */

let p: Participant;

beforeAll(async () => {
  p = await createParticipant();
});

afterAll(() => p.end());

beforeEach(() => p.begin());

afterEach(() => p.letGo());

it('plain reads continue beside a prepared branch until a schema change', async () => {
  const reader = openDatabase({ url: p.databases.url('product_reader', 'product'), poolMax: 2 });
  const products = createCatalogue(reader);
  const before = await products.page(10);
  await p.product.prepareStock([order('o-1')]);
  expect(await products.page(10)).toEqual(before);

  const { product } = p.databases;
  const change = product.raw(`ALTER TABLE products COMMENT = 'changed beside a branch'`);
  const changed = change.then(() => 'changed');
  await until('the change waits for the branch', async () => {
    const [waiting] = (await product.raw(
      `SELECT 1 FROM information_schema.processlist
       WHERE state = 'Waiting for table metadata lock' AND info LIKE 'ALTER TABLE products%'`,
    )) as [unknown[]];
    return waiting.length > 0;
  });
  // The API answers 503 to this.
  const refused: unknown = await products.page(10).catch((error: unknown) => error);
  expect(databaseFault(refused)).toBe('unavailable');

  await p.product.commitStock([{ orderId: 'o-1' }]);
  expect(await changed).toBe('changed');
  expect(await products.page(10)).not.toEqual(before);
  await reader.destroy();
});
