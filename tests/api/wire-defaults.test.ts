import { startServer, type ApiServer } from '../../api/server';
import { createHarness, problemLike, token, type ApiHarness } from './harness';
import { freshKey, jsonType, lengthOf, request, sendTo } from './raw-http';

let harness: ApiHarness;
let server: ApiServer;
let bearer: string;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
  const { logger } = harness.deps;
  server = await startServer(harness.api, { port: 0, hostname: '127.0.0.1', logger });
  bearer = `Authorization: Bearer ${await token('c-1')}`;
});

afterAll(async () => {
  await server.close();
  await harness.close();
});

const send = (...pieces: (string | Buffer)[]) => sendTo(server.port, ...pieces);

const body = '{"items":[{"productId":"p-1","quantity":1}]}';

const create = (text: string | Buffer, ...headers: string[]) =>
  send(request('POST /orders', bearer, freshKey(), jsonType, lengthOf(text), ...headers), text);

/** Hono's surprising defaults, one by one, over the wire. */
describe('Hono’s defaults do not show', () => {
  let before: number;
  beforeEach(async () => {
    before = await harness.ordersWritten();
  });

  test('a valid request is answered', async () => {
    const answer = await create(body);
    expect(answer.status).toBe(201);
    expect(answer.head).toMatch(/^Location: \/orders\/o-/im);
    expect(await harness.ordersWritten()).toBe(before + 1);
  });

  test.each<[string, string | Buffer, number, string]>([
    ['malformed JSON is 400, not 500', '{"items":', 400, 'malformed-request'],
    ['1e309 is not Infinity', body.replace(':1}', ':1e309}'), 422, 'validation'],
    ['2^53 + 1 is not rounded', body.replace(':1}', ':9007199254740993}'), 422, 'validation'],
    [
      'invalid UTF-8 is not U+FFFD',
      Buffer.concat([Buffer.from('{"items":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
      400,
      'malformed-request',
    ],
    ['the last of two keys does not win', '{"items":[],"items":[]}', 400, 'malformed-request'],
  ])('%s', async (_what, text, status, code) => {
    const answer = await create(text);
    expect(answer.body).toMatchObject(problemLike(code, status));
    expect(answer.status).toBe(status);
    expect(await harness.ordersWritten()).toBe(before);
  });

  test.each([
    ['missing', []],
    ['wrong', ['Content-Type: text/plain']],
    ['sent twice', [jsonType, 'Content-Type: text/plain']],
  ])('a content type that is %s is not accepted', async (_what, headers) => {
    const answer = await send(
      request('POST /orders', bearer, freshKey(), lengthOf(body), ...headers),
      body,
    );
    expect(answer.body).toEqual(problemLike('unsupported-media-type', 415));
    expect(await harness.ordersWritten()).toBe(before);
  });

  test('a wrong method is 405, not 404', async () => {
    const answer = await send(request('DELETE /orders', bearer));
    expect(answer.status).toBe(405);
    expect(answer.head).toMatch(/^Allow: GET, HEAD, POST$/im);
  });

  test('two Idempotency-Keys are refused', async () => {
    const twice = [freshKey(), 'idempotency-key: other'];
    const answer = await send(
      request('POST /orders', bearer, jsonType, lengthOf(body), ...twice),
      body,
    );
    expect(answer.body).toEqual(problemLike('invalid-idempotency-key', 400));
    expect(await harness.ordersWritten()).toBe(before);
  });

  test('two Host headers are refused, even if they are equal', async () => {
    for (const host of ['localhost', 'elsewhere']) {
      const answer = await send(request('GET /health/live', `Host: ${host}`));
      expect(answer.body).toEqual(problemLike('malformed-request', 400));
    }
  });

  test('a token without exp is refused', async () => {
    const eternal = await token('c-1', { claims: { exp: undefined } });
    const answer = await send(request('GET /orders', `Authorization: Bearer ${eternal}`));
    expect(answer.body).toEqual(problemLike('unauthenticated', 401));
  });

  test('two Authorization headers are refused', async () => {
    const answer = await send(request('GET /orders', bearer, bearer));
    expect(answer.body).toEqual(problemLike('unauthenticated', 401));
  });

  test('answers carry a content security policy', async () => {
    const answer = await send(request('GET /health/live'));
    expect(answer.head).toMatch(/^Content-Security-Policy: default-src 'none'/im);
  });
});
