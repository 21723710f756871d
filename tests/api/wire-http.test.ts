import { startServer, type ApiServer } from '../../api/server';
import { hang } from './fake-workflows';
import { createdOrder, createHarness, problemLike, token, type ApiHarness } from './harness';
import { freshKey, jsonType, lengthOf, request, sendTo } from './raw-http';

const receiveMsMax = 1_000;

let harness: ApiHarness;
let server: ApiServer;
let bearer: string;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
  const { logger } = harness.deps;
  server = await startServer(harness.api, { port: 0, hostname: '127.0.0.1', logger, receiveMsMax });
  bearer = `Authorization: Bearer ${await token('c-1')}`;
});

afterAll(async () => {
  await server.close();
  await harness.close();
});

const send = (...pieces: (string | Buffer)[]) => sendTo(server.port, ...pieces);

const body = '{"items":[{"productId":"p-1","quantity":1}]}';

describe('invalid HTTP', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'malformed-request'],
    ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed-request'],
    [
      'an invalid Host',
      'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
      400,
      'malformed-request',
    ],
    ['a backslash in the path', request('GET /orders\\..\\x'), 400, 'malformed-request'],
    ['a space in a header', request('GET /', 'A b: c'), 400, 'malformed-request'],
    [
      'two lengths',
      request('POST /orders', 'Content-Length: 1', 'Content-Length: 2'),
      400,
      'malformed-request',
    ],
    [
      'both a length and chunks',
      request('POST /orders', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
      400,
      'malformed-request',
    ],
    ['an expectation', request('GET /', 'Expect: a-miracle'), 417, 'expectation-failed'],
    ['a header of 20 kB', request('GET /', `X: ${'x'.repeat(20_000)}`), 431, 'headers-too-large'],
    ['TRACE', request('TRACE /orders'), 405, 'method-not-allowed'],
  ])('%s', async (_what, bytes, status, code) => {
    const answer = await send(bytes);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(problemLike(code, status));
    expect(answer.head).toMatch(/^Content-Type: application\/problem\+json$/im);
  });

  test('a path traversal is not found', async () => {
    for (const path of ['/orders/../health/../../etc/passwd', '/orders/%2e%2e/%2e%2e/etc']) {
      expect((await send(request(`GET ${path}`, bearer))).status).toBe(404);
    }
  });

  test('HEAD is answered without a body', async () => {
    const answer = await send(request('HEAD /health/live'));
    expect([answer.status, answer.body]).toEqual([200, {}]);
  });
});

describe('bodies', () => {
  const chunked = (...chunks: string[]) =>
    [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  const chunkedRequest = () =>
    request('POST /orders', bearer, freshKey(), jsonType, 'Transfer-Encoding: chunked');

  test('in chunks are read', async () => {
    const answer = await send(chunkedRequest(), chunked(body.slice(0, 10), body.slice(10)));
    expect(answer.status).toBe(201);
  });

  test('over 16 KiB are refused, declared or in chunks, before all of it has arrived', async () => {
    const before = await harness.ordersWritten();
    const declared = await send(
      request('POST /orders', bearer, freshKey(), jsonType, 'Content-Length: 100000'),
      'x'.repeat(1_000),
    );
    const endless = await send(chunkedRequest(), `10000\r\n${'x'.repeat(20_000)}`);
    for (const answer of [declared, endless]) {
      expect(answer.status).toBe(413);
      expect(answer.body).toEqual(problemLike('body-too-large', 413));
    }
    expect(await harness.ordersWritten()).toBe(before);
  });

  test('that trickle end with 408, and so do headers', async () => {
    const before = await harness.ordersWritten();
    const [slowBody, slowHeaders] = await Promise.all([
      send(
        request('POST /orders', bearer, freshKey(), jsonType, lengthOf(body)),
        body.slice(0, 10),
      ),
      send('POST /orders HTTP/1.1\r\nHost: localhost\r\nX: '),
    ]);
    for (const answer of [slowBody, slowHeaders]) {
      expect(answer.status).toBe(408);
      expect(answer.body).toEqual(problemLike('request-timeout', 408));
    }
    expect(await harness.ordersWritten()).toBe(before);
    expect(harness.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  test('do not limit the wait: an order may take longer than its request’s time limit', async () => {
    const orderId = await createdOrder(harness.api);
    harness.workflows.play = hang;
    const wait = `Prefer: wait=${String((2 * receiveMsMax) / 1_000)}`;
    const answer = await send(request(`POST /orders/${orderId}/place`, bearer, wait));
    harness.workflows.reset();
    expect([answer.status, answer.body['status']]).toEqual([202, 'PLACING']);
  });

  test('place needs no body, however the client omits it', async () => {
    for (const headers of [[], ['Content-Length: 0'], [jsonType, 'Content-Length: 0']]) {
      const orderId = await createdOrder(harness.api);
      const answer = await send(request(`POST /orders/${orderId}/place`, bearer, ...headers));
      expect([answer.status, answer.body['status']]).toEqual([200, 'COMPLETED']);
    }
    const orderId = await createdOrder(harness.api);
    const chunks = request(`POST /orders/${orderId}/place`, bearer, 'Transfer-Encoding: chunked');
    expect((await send(chunks, chunked())).status).toBe(200);
  });

  test('of place are read', async () => {
    const orderId = await createdOrder(harness.api);
    const text = '{"pattern":"xa"}';
    const answer = await send(
      request(`POST /orders/${orderId}/place`, bearer, jsonType, lengthOf(text)),
      text,
    );
    expect(answer.body).toMatchObject({ type: '/problems/pattern-unavailable' });
  });
});
