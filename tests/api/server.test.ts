import { setTimeout } from 'node:timers/promises';
import { startServer } from '../../api/server';
import { hang } from './fake-workflows';
import { call, capturingLogger, createdOrder, createHarness, problemLike } from './harness';
import { token, type ApiHarness } from './harness';

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
});

afterAll(() => harness.close());

describe('closing', () => {
  test('finishes running requests, refuses new ones, and closes every connection', async () => {
    const api = harness.another();
    const closing = await startServer(api, {
      port: 0,
      hostname: '127.0.0.1',
      logger: capturingLogger([]),
    });
    const url = `http://127.0.0.1:${String(closing.port)}`;
    const headers = { Authorization: `Bearer ${await token('c-1')}` };
    const orderId = await createdOrder(api);
    harness.workflows.play = hang;
    const waiting = fetch(`${url}/orders/${orderId}/place`, { method: 'POST', headers });
    const row = () => harness.databases.order('orders').where('order_id', orderId).first('status');
    while ((await row())?.status !== 'PLACING');
    const closed = closing.close();
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    await harness.databases
      .order('orders')
      .where('order_id', orderId)
      .update({ status: 'COMPLETED', decision: 'COMPLETE' });
    expect((await waiting).status).toBe(200);
    await closed;
    harness.workflows.reset();
  });

  describe('answers requests that do not end in time', () => {
    const create = {
      method: 'POST',
      body: JSON.stringify({ items: [{ productId: 'p-1', quantity: 1 }] }),
    };
    const place = { method: 'POST', body: '{}' };
    test.each([
      ['GET', '/orders', {}, 'unavailable', null],
      ['POST', '/orders', create, 'outcome-unknown', null],
      ['POST', '/orders/o-1/place', place, 'outcome-unknown', '/orders/o-1'],
      ['POST', '/orders/o-1/cancel', place, 'outcome-unknown', '/orders/o-1'],
    ] as const)('%s %s', async (_method, path, init, problem, location) => {
      let asked = (): void => undefined;
      const reached = new Promise<void>((resolve) => (asked = resolve));
      const hangs = () => {
        asked();
        return new Promise<never>(() => undefined);
      };
      const api = harness.another({
        orders: { ...harness.deps.orders, page: hangs, placeable: hangs },
        intake: { ...harness.deps.intake, createOrders: hangs },
      });
      const options = { port: 0, hostname: '127.0.0.1', logger: capturingLogger([]) };
      const closing = await startServer(api, { ...options, answerMsMax: 50 });
      const waiting = fetch(`http://127.0.0.1:${String(closing.port)}${path}`, {
        ...init,
        headers: {
          Authorization: `Bearer ${await token('c-1')}`,
          'Content-Type': 'application/json',
          'Idempotency-Key': 'k-1',
        },
      });
      await reached;
      await closing.close();
      const answer = await waiting;
      expect([answer.status, answer.headers.get('Connection')]).toEqual([503, 'close']);
      expect(answer.headers.get('Location')).toBe(location);
      expect(await answer.json()).toMatchObject(problemLike(problem, 503));
    });
  });

  test('drops the API’s answers to requests that the close has answered', async () => {
    let asked = (): void => undefined;
    let failLate = (): void => undefined;
    const reached = new Promise<void>((resolve) => (asked = resolve));
    const failsLate = () => {
      asked();
      return new Promise<never>((_, reject) => {
        failLate = () => {
          reject(new Error('late'));
        };
      });
    };
    const lines: string[] = [];
    const api = harness.another({
      orders: { ...harness.deps.orders, page: failsLate },
      logger: capturingLogger(lines),
    });
    const options = { port: 0, hostname: '127.0.0.1', logger: capturingLogger(lines) };
    const closing = await startServer(api, { ...options, answerMsMax: 50 });
    const waiting = fetch(`http://127.0.0.1:${String(closing.port)}/orders`, {
      headers: { Authorization: `Bearer ${await token('c-1')}` },
    });
    await reached;
    await closing.close();
    expect((await waiting).status).toBe(503);
    const said = jest.spyOn(console, 'error').mockReturnValue();
    failLate();
    do await setTimeout(20);
    while (!lines.some((line) => line.includes('late')));
    expect(said).not.toHaveBeenCalled();
    said.mockRestore();
  });

  test('closes kept connections after their next answer, and still accepts requests', async () => {
    const options = { port: 0, hostname: '127.0.0.1', logger: capturingLogger([]) };
    const api = harness.another();
    const server = await startServer(api, options);
    const url = `http://127.0.0.1:${String(server.port)}`;
    const ask = async (path: string) => {
      const { status, headers } = await fetch(`${url}${path}`);
      return [status, headers.get('Connection')];
    };
    expect(await ask('/health/ready')).toEqual([200, 'keep-alive']);
    api.end();
    server.end();
    expect(await ask('/health/ready')).toEqual([503, 'close']);
    expect(await ask('/health/live')).toEqual([200, 'close']);
    await server.close();
  });

  test('reports a port that is taken as an error', async () => {
    const options = { hostname: '127.0.0.1', logger: capturingLogger([]) };
    const first = await startServer(harness.api, { ...options, port: 0 });
    const second = startServer(harness.api, { ...options, port: first.port });
    await expect(second).rejects.toThrow('EADDRINUSE');
    await first.close();
  });
});

test('answers a bug with only its request id, and logs it under the same id', async () => {
  const lines: string[] = [];
  const api = harness.another({
    logger: capturingLogger(lines),
    orders: {
      ...harness.deps.orders,
      page: () => Promise.reject(new Error('select * from orders where secret = 1')),
    },
  });
  const { status, body: answer } = await call(api, 'GET', '/orders');
  expect(status).toBe(500);
  expect(answer).toEqual(problemLike('internal', 500));
  expect(JSON.stringify(answer)).not.toMatch(/select|secret|orders\.ts/);
  const [line] = lines.filter((logged) => logged.includes(answer['requestId'] as string));
  expect(line).toContain('secret = 1');
});
