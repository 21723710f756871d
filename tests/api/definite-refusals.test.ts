import { once } from 'node:events';
import { startServer, type ApiServer } from '../../api/server';
import { hang } from './fake-workflows';
import { createdOrder, createHarness, problemLike, token, type ApiHarness } from './harness';
import { rawClient, type PipelinedAnswer, type RawClient } from './raw-client';

/** A 4xx means that nothing was done: a connection's fault must not answer a begun request. */

const receiveMsMax = 500;

let harness: ApiHarness;
let server: ApiServer;
let bearer: string;
const clients: RawClient[] = [];

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 1_000, price: 5 } });
  const { logger } = harness.deps;
  server = await startServer(harness.api, { port: 0, hostname: '127.0.0.1', logger, receiveMsMax });
  bearer = `Authorization: Bearer ${await token('c-1')}`;
});

afterEach(() => {
  harness.workflows.reset();
  for (const { socket } of clients.splice(0)) socket.destroy();
});

afterAll(async () => {
  await server.close();
  await harness.close();
});

async function client(): Promise<RawClient> {
  const made = await rawClient(server.port);
  clients.push(made);
  return made;
}

const call = (verb: string, orderId: string, ...headers: string[]) =>
  [`POST /orders/${orderId}/${verb} HTTP/1.1`, 'Host: x', bearer, ...headers, '', ''].join('\r\n');

const told = (answers: readonly PipelinedAnswer[]) =>
  answers.map(({ status, text }) => {
    const { type, status: order } = JSON.parse(text) as { type?: string; status: unknown };
    return `${String(status)} ${type ?? String(order)}`;
  });

const malformed = '400 /problems/malformed-request';
const tooLate = '408 /problems/request-timeout';
const endings: [string, string, string][] = [
  ['stray bytes', 'stray bytes\r\n\r\n', malformed],
  ['half a request', 'GET /health/live HTTP/1.1\r\nHos', tooLate],
  ['half a body', 'POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{', tooLate],
  [
    'a header of 20 kB',
    `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
    '431 /problems/headers-too-large',
  ],
];

describe.each(endings)('a place call that is followed by %s', (_what, bytes, problem) => {
  test('is answered its outcome, then the other is answered', async () => {
    const orderId = await createdOrder(harness.api);
    const { socket, closed } = await client();
    socket.write(call('place', orderId) + bytes);
    expect(told(await closed())).toEqual(['200 COMPLETED', problem]);
  });

  test('is answered the same if it takes longer than the other request’s time limit', async () => {
    harness.workflows.play = hang;
    const orderId = await createdOrder(harness.api);
    const { socket, closed } = await client();
    socket.write(call('place', orderId, 'Prefer: wait=2'));
    while ((await harness.row(orderId))['status'] !== 'PLACING');
    socket.write(bytes);
    expect(told(await closed())).toEqual(['202 PLACING', problem]);
  });
});

test('answers several calls in order before it refuses stray bytes behind them', async () => {
  const orderIds = [await createdOrder(harness.api), await createdOrder(harness.api)];
  const { socket, closed } = await client();
  const calls = orderIds.map((orderId) => call('place', orderId)).join('');
  socket.write(`${calls}GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nstray bytes\r\n\r\n`);
  const answers = await closed();
  expect(told(answers)).toEqual(['200 COMPLETED', '200 COMPLETED', '200 live', malformed]);
  expect(answers.slice(0, 2).map(({ text }) => text)).toEqual([
    expect.stringContaining(orderIds[0] ?? ''),
    expect.stringContaining(orderIds[1] ?? ''),
  ]);
});

test('does not time out a request that it has not read because others wait', async () => {
  harness.workflows.play = hang;
  const orderIds = [await createdOrder(harness.api), await createdOrder(harness.api)];
  const { socket, closed } = await client();
  const calls = orderIds.map((orderId) => call('place', orderId, 'Prefer: wait=1')).join('');
  socket.write(`${calls}GET /health/live HTTP/1.1\r\nHos`);
  expect(told(await closed())).toEqual(['202 PLACING', '202 PLACING']);
});

test('sends the parser’s problem completely and last', async () => {
  const { socket, closed } = await client();
  socket.write('stray bytes\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
  const answers = await closed();
  expect(answers).toHaveLength(1);
  expect(JSON.parse(answers[0]?.text ?? '')).toEqual(problemLike('malformed-request', 400));
  expect(answers[0]?.head).toMatch(/^connection: close\r\n/im);
});

describe('an incomplete request', () => {
  test.each([
    ['a broken chunk', 'Transfer-Encoding: chunked', 'zz\r\n', malformed],
    ['half a body', 'Content-Length: 10', '{', tooLate],
    ['a body that is too large', 'Content-Length: 100000', '{', '413 /problems/body-too-large'],
    [
      'chunks that are too large',
      'Transfer-Encoding: chunked',
      `8000\r\n${'x'.repeat(0x8000)}`,
      '413 /problems/body-too-large',
    ],
  ])('has no effect: a cancel with %s', async (_what, header, bytes, problem) => {
    const orderId = await createdOrder(harness.api);
    const { socket, closed } = await client();
    socket.write(call('cancel', orderId, header));
    // The effect would come now, before the body proves invalid.
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.write(bytes);
    expect(told(await closed())).toEqual([problem]);
    expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', decision: null });
  });

  test('has no effect: a cancel whose client disconnects', async () => {
    const orderId = await createdOrder(harness.api);
    const { socket } = await client();
    socket.write(`${call('cancel', orderId, 'Content-Length: 10')}{`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.end();
    await once(socket.resume(), 'close');
    expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', decision: null });
  });
});

test('does not begin a request behind a call that closes the connection', async () => {
  const [first, second] = [await createdOrder(harness.api), await createdOrder(harness.api)];
  const { socket, closed } = await client();
  socket.write(call('place', first, 'Connection: close') + call('cancel', second));
  expect(told(await closed())).toEqual(['200 COMPLETED']);
  expect(await harness.row(second)).toMatchObject({ status: 'CREATED', decision: null });
});
