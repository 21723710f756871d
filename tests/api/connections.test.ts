import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { startServer, type ApiServer, type ServerOptions } from '../../api/server';
import { capturingLogger, problemLike } from './harness';
import { HeldApp } from './held-app';
import { rawClient, type RawClient } from './raw-client';

let app: HeldApp;
let server: ApiServer;
const clients: RawClient[] = [];

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  app = new HeldApp();
  const logger = capturingLogger([]);
  server = await startServer(app.api, { port: 0, hostname: '127.0.0.1', logger, ...options });
}

async function client(localAddress?: string): Promise<RawClient> {
  const made = await rawClient(server.port, localAddress);
  clients.push(made);
  return made;
}

afterEach(async () => {
  app.release();
  for (const { socket } of clients.splice(0)) socket.destroy();
  await server.close();
});

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const shortest = 'GET / HTTP/1.1\r\nHost:x\r\n\r\n';

/** The unanswered requests from Node's parser, now and at most. */
function countRequests() {
  const count = { now: 0, max: 0, all: 0 };
  const started = () => {
    count.all++;
    count.max = Math.max(count.max, ++count.now);
  };
  const finished = () => {
    count.now--;
  };
  subscribe('http.server.request.start', started);
  subscribe('http.server.response.finish', finished);
  return {
    count,
    stop: () => {
      unsubscribe('http.server.request.start', started);
      unsubscribe('http.server.response.finish', finished);
    },
  };
}

describe('a client that pipelines requests', () => {
  test('is not read from while an answer is outstanding', async () => {
    await start();
    app.hold();
    const { count, stop } = countRequests();
    const { socket } = await client();
    // More than all buffers in between hold, so the client can only send it if the server reads.
    const sent = 40 * 1024 * 1024;
    socket.write(Buffer.alloc(sent, shortest));
    await app.isAsked(1);
    const other = await client();
    other.socket.write(get('/health/live'));
    await app.isAsked(2);
    const before = socket.bytesWritten - socket.writableLength;
    expect(before).toBeLessThan(sent);
    stop();
    // The second client's request is one of them; one chunk holds the others.
    expect(count.max).toBeLessThanOrEqual(1 + 58);
    expect(app.activeMax).toBe(2);
  });

  test('is answered one request after the other, in order', async () => {
    await start();
    const { count, stop } = countRequests();
    const paths = Array.from({ length: 1_600 }, (_, i) => `/${String(i)}`);
    const pipelining = await client();
    pipelining.socket.write(paths.map(get).join(''));
    const answers = await pipelining.received(1_600);
    stop();
    expect(answers.map(({ text }) => text)).toEqual(paths);
    expect(app.activeMax).toBe(1);
    expect(count).toMatchObject({ all: 1_600, now: 0 });
    expect(count.max).toBeLessThanOrEqual(58);
  });

  test('leaves other clients their turn, because each of its requests begins in its own turn', async () => {
    await start();
    const nextTurn = () => {
      app.turn++;
      turning = setImmediate(nextTurn);
    };
    let turning = setImmediate(nextTurn);
    const pipelining = [await client(), await client(), await client()];
    for (const { socket } of pipelining) socket.write(get('/').repeat(50));
    for (const { received } of pipelining) await received(50);
    clearImmediate(turning);
    // The first request of each connection did not wait.
    expect(new Set(app.turns).size).toBeGreaterThanOrEqual(150 - 3);
  });

  test('that reads nothing gets its next request begun only after the last answer is sent', async () => {
    await start({ connections: { sendMsMax: 60_000 } });
    app.body = (path) => (path === '/' ? 'x'.repeat(16 * 1024 * 1024) : path);
    const { socket } = await client();
    socket.write(get('/').repeat(1_600));
    await app.isAsked(1);
    const other = await client();
    other.socket.write(get('/other'));
    await other.received(1);
    // The buffers in between cannot hold one of these answers.
    expect(app.asked.filter((path) => path === '/')).toHaveLength(1);
  });

  test('and reads nothing is disconnected after a while, and its requests are dropped', async () => {
    await start({ connections: { sendMsMax: 200 } });
    app.body = () => 'x'.repeat(16 * 1024 * 1024);
    const { socket } = await client();
    socket.write(get('/').repeat(1_600));
    await app.isAsked(1);
    const [outgoing] = app.outgoing;
    if (outgoing?.closed === false) await once(outgoing, 'close');
    expect(outgoing?.writableFinished).toBe(false);
    expect(app.asked).toHaveLength(1);
  });
});

test('a slow client that reads its answers is not disconnected', async () => {
  await start({ connections: { sendMsMax: 300 } });
  app.body = () => 'x'.repeat(1024);
  const slow = await client();
  for (let i = 1; i <= 4; i++) {
    slow.socket.write(get('/'));
    await app.isAsked(i);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect((await slow.received(4)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

describe('connections beyond the limit', () => {
  const busy = async (count: number) => {
    app.hold();
    for (let i = 0; i < count; i++) {
      const { socket } = await client();
      socket.write(get('/busy'));
      await app.isAsked(app.asked.length + 1);
    }
  };

  test('are refused with a problem, and can still request /health/live', async () => {
    await start({ connections: { connectionsMax: 2 } });
    await busy(2);
    const [third, fourth] = [await client(), await client()];
    third.socket.write(get('/orders'));
    const [answer] = await third.closed();
    expect(answer?.status).toBe(503);
    expect(answer?.head).toMatch(/^connection: close\r\n/im);
    expect(answer?.head).toMatch(/^retry-after: 1\r\n/im);
    expect(JSON.parse(answer?.text ?? '')).toEqual(problemLike('overloaded', 503));
    fourth.socket.write(get('/health/live'));
    await app.isAsked(3);
    app.release();
    expect(await fourth.closed()).toMatchObject([{ status: 200, text: '/health/live' }]);
    expect(app.asked).toEqual(['/busy', '/busy', '/health/live']);
  });

  test('replace the connection that has been idle for longest', async () => {
    await start({ connections: { connectionsMax: 3 } });
    const [first, second] = [await client(), await client()];
    for (const { socket } of [first, second]) socket.write(get('/'));
    await Promise.all([first.received(1), second.received(1)]);
    await busy(1);
    const third = await client();
    third.socket.write(get('/third'));
    await app.isAsked(4);
    app.release();
    await expect(third.received(1)).resolves.toMatchObject([{ status: 200, text: '/third' }]);
    await expect(first.closed()).resolves.toHaveLength(1);
    second.socket.write(get('/again'));
    await expect(second.received(2)).resolves.toMatchObject([{ text: '/' }, { text: '/again' }]);
  });

  test('make room again after they close', async () => {
    await start({ connections: { connectionsMax: 1 } });
    await busy(1);
    app.release();
    const [first] = clients;
    first?.socket.destroy();
    for (;;) {
      const again = await client();
      again.socket.write(get('/again'));
      const [answer] = await again.received(1);
      if (answer?.status === 200) break;
    }
  });

  test('of one address take no room of others, if that is limited', async () => {
    await start({ connections: { connectionsPerAddressMax: 1 } });
    await busy(1);
    const same = await client();
    same.socket.write(get('/same'));
    expect(await same.closed()).toMatchObject([{ status: 503 }]);
    app.release();
    const other = await client('127.0.0.2');
    other.socket.write(get('/other'));
    expect(await other.received(1)).toMatchObject([{ status: 200, text: '/other' }]);
  });
});
