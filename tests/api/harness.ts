import type { OrderTerms } from '../../contracts/order';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Knex } from 'knex';
import pino, { type Logger } from 'pino';
import { SignJWT } from 'jose';
import { createOrderIntake } from '../../activities/order/intake';
import { createOrderQueries } from '../../activities/order/queries';
import { createParticipantQueries } from '../../activities/participant/queries';
import { createPointBalances } from '../../activities/point/balances';
import { createCatalogue } from '../../activities/product/catalogue';
import { openDatabase } from '../../activities/database/connection';
import { createApp, type Api } from '../../api/app';
import type { ApiDependencies } from '../../api/dependencies';
import { defaultTiming } from '../../contracts/limits';
import { byParticipant, byService, type Service } from '../../contracts/participants';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { FakeWorkflows } from './fake-workflows';

export const issuer = 'tests';
export const audience = 'order-system';

const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export interface ApiHarness {
  databases: TestDatabases;
  deps: ApiDependencies;
  api: Api;
  workflows: FakeWorkflows;
  /** An order's row. */
  row(orderId: string): Promise<Record<string, unknown>>;
  setRow(orderId: string, columns: Record<string, unknown>): Promise<void>;
  ordersWritten(): Promise<number>;
  /** The log, one JSON object per line. */
  logLines: string[];
  /** Another API on the same databases and workflows. */
  another(changes?: Partial<ApiDependencies>): Api;
  close(): Promise<void>;
}

/** The API's user in a service's database. */
export function apiUserOf(service: Service): string {
  return service === 'order' ? 'order_api' : `${service}_reader`;
}

/** The API's readers and writers on these databases. */
export function readingFrom(pools: Readonly<Record<Service, Knex>>) {
  return {
    intake: createOrderIntake(pools.order),
    orders: createOrderQueries(pools.order),
    participants: byParticipant((one) => createParticipantQueries(one, pools[one.name])),
    products: createCatalogue(pools.product),
    points: createPointBalances(pools.point),
  };
}

/** The API on real databases, as its own users, with fake workflows. */
export async function createHarness(changes: Partial<ApiDependencies> = {}): Promise<ApiHarness> {
  const databases = await createTestDatabases();
  const pools = byService((service) =>
    openDatabase({
      url: databases.url(apiUserOf(service), service),
      poolMax: service === 'order' ? 10 : 4,
      lockWaitSMax: 1,
    }),
  );
  const workflows = new FakeWorkflows(databases.order);
  const logLines: string[] = [];
  const deps: ApiDependencies = {
    logger: capturingLogger(logLines),
    ...readingFrom(pools),
    authentication: authentication(),
    patterns: { saga: { start: workflows.start } },
    defaultPattern: 'saga',
    timing: defaultTiming,
    temporalReady: () => Promise.resolve(),
    ...changes,
  };
  return {
    databases,
    deps,
    api: createApp(deps),
    workflows,
    logLines,
    row: (orderId) =>
      databases.order('orders').where('order_id', orderId).first() as Promise<
        Record<string, unknown>
      >,
    async setRow(orderId, columns) {
      await databases.order('orders').where('order_id', orderId).update(columns);
    },
    async ordersWritten() {
      const found = await databases.order('orders').count<{ rows: number }[]>({ rows: '*' });
      return found[0]?.rows ?? 0;
    },
    another: (others = {}) => createApp({ ...deps, ...others }),
    async close() {
      for (const pool of Object.values(pools)) await pool.destroy();
      await databases.drop();
    },
  };
}

export function authentication(): ApiDependencies['authentication'] {
  const jwk = signing.publicKey.export({ format: 'jwk' });
  return { keys: { keys: [{ ...jwk, alg: 'ES256' }] }, issuer, audience };
}

export function capturingLogger(lines: string[]): Logger {
  return pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
}

export interface TokenOptions {
  key?: KeyObject;
  alg?: string;
  claims?: Record<string, unknown>;
}

/** A token; `claims` replace the usual ones, and undefined leaves one out. */
export function token(subject: string, options: TokenOptions = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const claims: Record<string, unknown> = {
    sub: subject,
    role: 'customer',
    iss: issuer,
    aud: audience,
    iat: now,
    exp: now + 600,
    ...options.claims,
  };
  const defined = Object.entries(claims).filter(([, value]) => value !== undefined);
  return new SignJWT(Object.fromEntries(defined))
    .setProtectedHeader({ alg: options.alg ?? 'ES256' })
    .sign(options.key ?? signing.privateKey);
}

export interface Call {
  as?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Calls a route as a customer (`c-1` by default), and reads the JSON answer. */
export async function call(
  api: Api,
  method: string,
  path: string,
  { as = 'c-1', body, headers = {} }: Call = {},
): Promise<Answer> {
  const response = await api.request(path, {
    method,
    headers: {
      Authorization: `Bearer ${await token(as)}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

let keys = 0;

/** Creates an order of one piece of `p-1` and returns its id. */
export async function createdOrder(
  api: Api,
  items: { productId: string; quantity: number }[] = [{ productId: 'p-1', quantity: 1 }],
  as = 'c-1',
  terms: OrderTerms = {},
): Promise<string> {
  const { status, body } = await call(api, 'POST', '/orders', {
    as,
    body: { items, ...terms },
    headers: { 'Idempotency-Key': `key-${String(++keys)}` },
  });
  if (status !== 201) throw new Error(`The order was not created: ${JSON.stringify(body)}`);
  return body['orderId'] as string;
}

/** The complete answer for this problem: anything more would be a leak. */
export function problemLike(code: string, status: number, extensions: object = {}): object {
  return {
    type: `/problems/${code}`,
    title: expect.stringMatching(/./) as string,
    status,
    detail: expect.stringMatching(/^[^{}]*[.]$/) as string,
    instance: expect.stringMatching(/^(\/.*)?$/) as string,
    requestId: expect.stringMatching(/^[\w-]+$/) as string,
    ...extensions,
  };
}
