import { serve } from '@hono/node-server';
import { Hono, type Context } from 'hono';

/** A request as the fake API received it. */
export interface Call {
  method: string;
  path: string;
  key: string | undefined;
  authorization: string | undefined;
  body: unknown;
}

export interface Scripted {
  status: number;
  body?: object;
  headers?: Record<string, string>;
  /** Cuts the connection instead of answering. */
  cut?: true;
}

/** A server with scripted answers, call by call, that records its requests. */
export interface FakeShop {
  url: string;
  calls: Call[];
  /** The maximum number of concurrent calls. */
  atOnceMax(): number;
  close(): Promise<void>;
}

/** @param answer is asked for each call; `nth` counts the calls of the same method and path */
export async function startFakeShop(
  answer: (call: Call, nth: number) => Scripted | Promise<Scripted>,
): Promise<FakeShop> {
  const calls: Call[] = [];
  let atOnce = 0;
  let most = 0;
  const app = new Hono<{ Bindings: { outgoing: { destroy(): void } } }>();
  app.all('*', async (c) => {
    const call = await callOf(c);
    const same = ({ method, path, key }: Call) =>
      method === call.method && path === call.path && key === call.key;
    const nth = calls.filter(same).length;
    calls.push(call);
    atOnce += 1;
    most = Math.max(most, atOnce);
    const { status, body = {}, headers = {}, cut } = await answer(call, nth);
    atOnce -= 1;
    if (cut) c.env.outgoing.destroy();
    return new Response(JSON.stringify(body), { status, headers });
  });
  const { server, port } = await new Promise<{ server: ReturnType<typeof serve>; port: number }>(
    (resolve) => {
      const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info) => {
        resolve({ server: started, port: info.port });
      });
    },
  );
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    atOnceMax: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function callOf(c: Context): Promise<Call> {
  const text = await c.req.text();
  return {
    method: c.req.method,
    path: c.req.path,
    key: c.req.header('idempotency-key'),
    authorization: c.req.header('authorization'),
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}
