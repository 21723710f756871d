import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateOrders } from '../../tools/load/generator';
import { countOrderFile, readOrderFile, toLine, type LoadOrder } from '../../tools/load/order-file';

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-load-'));
  path = join(folder, 'orders.jsonl');
});
afterAll(() => rm(folder, { recursive: true }));

async function read(): Promise<LoadOrder[]> {
  const orders: LoadOrder[] = [];
  for await (const order of readOrderFile(path)) orders.push(order);
  return orders;
}

test('reads back what it writes', async () => {
  const orders = [...generateOrders(50, 3)];
  await writeFile(path, orders.map(toLine).join(''));
  expect(await read()).toEqual(orders);
  expect(await countOrderFile(path)).toBe(50);
});

test('accepts patterns, empty lines and Windows line ends', async () => {
  const order = { customerId: 'c-1', items: [{ productId: 'p-1', quantity: 1 }], pattern: 'tcc' };
  await writeFile(path, `\r\n${JSON.stringify(order)}\r\n\r\n`);
  expect(await read()).toEqual([order]);
});

test('passes on what only the API refuses', async () => {
  const order = { customerId: 'c-1', items: [{ productId: '../p', quantity: -1 }] };
  await writeFile(path, JSON.stringify(order));
  expect(await read()).toEqual([order]);
});

test.each([
  ['{"customerId":"c-1"', /orders\.jsonl:2: this is not JSON/],
  ['{"customerId":"c-1"}', /orders\.jsonl:2: items /],
  ['{"customerId":"c-1","items":[]}', /orders\.jsonl:2: items /],
  ['{"customerId":"c-1","items":[{"productId":"p-1"}]}', /orders\.jsonl:2: items\.0\.quantity /],
  ['[]', /orders\.jsonl:2: /],
])('names an invalid line: %s', async (line, message) => {
  const good = toLine({ customerId: 'c-1', items: [{ productId: 'p-1', quantity: 1 }] });
  await writeFile(path, good + line);
  await expect(countOrderFile(path)).rejects.toThrow(message);
});

test('reports a missing file', async () => {
  await expect(countOrderFile(join(folder, 'none.jsonl'))).rejects.toThrow(/ENOENT/);
});
