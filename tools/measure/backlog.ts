import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { apiClient } from '../load/api-client';
import type { LoadOrder } from '../load/order-file';
import { progressBar } from '../load/progress';
import type { RunningStack } from '../stack/state';
import { databaseTime, drained, endsSince } from './drain';
import { tokens } from './loads';
import { audited } from './measure';
import type { BenchOptions } from './options';
import { benchOrders, scenarios } from './orders';
import { barAfterMs } from './progress';
import type { BenchServers } from './servers';
import type { Say } from './sweep';
import { saga } from './subjects';

/** How a crowd that came at once was worked off; what `--json` prints. */
export interface BacklogRow {
  variant: string;
  backlog: number;
  ordersPerSecond: number;
  drainSeconds: number;
  /** Orders that ended in each second since the first request left. */
  endedBySecond: number[];
  /** Times that a caller was told to come again: the dispatcher holds no endless queue. */
  turnedAway: number;
  /** Orders whose placing nobody took. */
  notTaken: number;
  loadAverage: number;
  audit: 'clean' | 'not clean';
}

interface Created {
  order: LoadOrder;
  orderId: string;
}

const creatorsMax = 64;
/** Above the dispatcher's own limit, so that callers are turned away and must come again. */
const connectionsMax = 8_000;
const pollMs = 250;
const placeMsMax = 300_000;

/** Creates orders, places them all at once, and watches how they end. */
export async function* backlogs(
  servers: BenchServers,
  options: BenchOptions,
  say: Say,
): AsyncGenerator<BacklogRow> {
  const count = options.backlog ?? 0;
  for (const variant of options.variants ?? [saga]) {
    const loadAverage = loadavg()[0] ?? 0;
    say(`${count} orders at once, ${variant.name}: ${variant.what}`);
    await servers.start(variant);
    try {
      yield { variant: variant.name, ...(await measureBacklog(servers, count)), loadAverage };
    } finally {
      await servers.stop(variant);
    }
  }
}

async function measureBacklog({ stack, mysql }: BenchServers, count: number) {
  const created = await createAll(stack, count);
  const startedAt = await databaseTime(mysql);
  const { turnedAway, notTaken } = await placeAll(stack, created);
  await drained(mysql);
  const { endedBySecond, drainSeconds } = await endsSince(mysql, startedAt);
  const ended = endedBySecond.reduce((sum, n) => sum + n, 0);
  const { audit } = await audited(stack);
  const ordersPerSecond = Math.round(ended / drainSeconds);
  return {
    backlog: count,
    ordersPerSecond,
    drainSeconds,
    endedBySecond,
    turnedAway,
    notTaken,
    audit,
  };
}

async function createAll(stack: RunningStack, count: number): Promise<Created[]> {
  const { apiUrl } = stack;
  const client = apiClient({ apiUrl, connections: creatorsMax, tokenOf: tokens(stack) });
  const bar = progressBar('Creating', 'orders', barAfterMs);
  const orders = benchOrders(scenarios.plain, 1);
  const prefix = `backlog-${randomUUID()}`;
  const created: Created[] = [];
  let begun = 0;
  const creator = async () => {
    while (begun < count) {
      begun += 1;
      const key = `${prefix}-${begun}`;
      const { value: order } = orders.next() as { value: LoadOrder };
      const { orderId, status } = await client.create(order, key);
      if (orderId === undefined) throw new Error(`An order was not created: HTTP ${status}`);
      created.push({ order, orderId });
      bar.update(created.length, count);
    }
  };
  try {
    await Promise.all(Array.from({ length: creatorsMax }, creator));
    return created;
  } finally {
    bar.stop();
    await client.close();
  }
}

/** Every order by a caller of its own, all at once; who is turned away comes again when told. */
async function placeAll(stack: RunningStack, created: readonly Created[]) {
  const connections = Math.min(created.length, connectionsMax);
  const timeouts = { headersTimeout: placeMsMax, bodyTimeout: placeMsMax };
  const pool = new Pool(new URL(stack.apiUrl).origin, { connections, ...timeouts });
  const tokenOf = tokens(stack);
  const bearers = await Promise.all(created.map(({ order }) => tokenOf(order.customerId)));
  const bar = progressBar('Placing', 'orders', barAfterMs);
  const deadline = Date.now() + placeMsMax;
  let taken = 0;
  let turnedAway = 0;
  const place = async ({ orderId }: Created, bearer: string) => {
    while (Date.now() < deadline) {
      const waitMs = await placeOnce(pool, orderId, bearer);
      if (waitMs === 0) {
        taken += 1;
        bar.update(taken, created.length);
        return;
      }
      turnedAway += 1;
      await sleep(waitMs);
    }
  };
  try {
    await Promise.all(created.map((one, i) => place(one, bearers[i] ?? '')));
    return { turnedAway, notTaken: created.length - taken };
  } finally {
    bar.stop();
    await pool.close();
  }
}

/** Answers 0 when the order was taken, or how long to wait before it is tried again. */
async function placeOnce(pool: Pool, orderId: string, bearer: string): Promise<number> {
  try {
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path: `/orders/${orderId}/place`,
      headers: {
        authorization: `Bearer ${bearer}`,
        'content-type': 'application/json',
        prefer: 'respond-async',
      },
      body: '{}',
    });
    await body.dump();
    const again = statusCode >= 500 || statusCode === 429;
    return again ? Number(headers['retry-after'] ?? 1) * 1_000 : 0;
  } catch {
    // No whole answer came: placing again is safe.
    return pollMs;
  }
}
