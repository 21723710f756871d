import { apiClient } from '../../tools/load/api-client';
import { startFakeShop } from '../load/fake-shop';
import { order } from './stories';

const created = { status: 201, body: { orderId: 'o-1', status: 'CREATED' } };
const connections = { connections: 2, tokenOf: () => Promise.resolve('token') };

test('loses the answers of cut connections, and opens a new one for the next call', async () => {
  let arrived: () => void = () => undefined;
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const shop = await startFakeShop(async (_, nth) => {
    arrived();
    if (nth === 0) await new Promise((resolve) => setTimeout(resolve, 300));
    return created;
  });
  const client = apiClient({ apiUrl: shop.url, ...connections });
  const lost = client.create(order, 'k-1').catch((error: unknown) => error);
  await arrival;
  client.cut();
  expect(await lost).toBeInstanceOf(Error);
  expect(await client.create(order, 'k-1')).toMatchObject({ status: 201, orderId: 'o-1' });
  await client.close();
  await shop.close();
});

test('gives up a call that is not answered in time', async () => {
  const shop = await startFakeShop(async () => {
    await new Promise((resolve) => setTimeout(resolve, 3_000).unref());
    return created;
  });
  const client = apiClient({ apiUrl: shop.url, ...connections, answerMsMax: 200 });
  await expect(client.create(order, 'k-1')).rejects.toThrow('Timeout');
  await client.close();
  await shop.close();
});
