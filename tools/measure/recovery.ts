import { createParticipantActivities } from '../../activities/participant/activities';
import {
  byService,
  compensationSteps,
  participants,
  type Service,
} from '../../contracts/participants';
import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { findOrphans } from '../../activities/order/adoption';
import { createOrderIntake } from '../../activities/order/intake';
import { openDatabase } from '../../activities/database/connection';
import type { PlacedOrder } from '../../contracts/order';
import type { LoadOrder } from '../load/order-file';
import { progressBar } from '../load/progress';
import type { RunningStack } from '../stack/state';
import { createAskOwners } from '../../workers/wiring/open-owners';
import { audited } from './measure';
import { databaseTime, drained, endsSince } from './drain';
import { benchOrders, scenarios } from './orders';
import { barAfterMs } from './progress';
import type { BenchServers } from './servers';
import type { Say } from './sweep';
import { saga } from './subjects';

/** How fast what nobody drives was recovered; what `--json` prints. */
export interface RecoveryRow {
  what: string;
  count: number;
  seconds: number;
  perSecond: number;
  loadAverage: number;
  audit: 'clean' | 'not clean' | '-';
}

const ordersAtOnce = 200;
const startsAtOnce = 50;
/** A queue without a worker: a workflow on it stays open. */
const idleQueue = 'nobody';

type Databases = Record<Service, Knex>;

/**
 * Leaves orders behind as crashes and outages do, while no process of ours runs; then starts the
 * processes, and measures from the first order that ends to the last.
 */
export async function* recoveries(
  servers: BenchServers,
  { recovery = 0, owners }: { recovery?: number; owners?: number },
  say: Say,
): AsyncGenerator<RecoveryRow> {
  const { stack } = servers;
  const databases = openAll(stack);
  const measure = async (what: string): Promise<RecoveryRow> => {
    const loadAverage = loadavg()[0] ?? 0;
    const startedAt = await databaseTime(databases.order);
    await servers.start(saga);
    try {
      await drained(databases.order);
      const { drainSeconds, firstSeconds } = await endsSince(databases.order, startedAt);
      const seconds = drainSeconds - firstSeconds;
      const { audit } = await audited(stack);
      const perSecond = Math.round(recovery / seconds);
      return { what, count: recovery, seconds, perSecond, loadAverage, audit };
    } finally {
      await servers.stop(saga);
    }
  };
  try {
    say(`${recovery} orphans, each of an owner of its own that never began`);
    await orphans(databases, recovery);
    yield await measure('orphans adopted and completed');
    say(`${recovery} orders that owe all compensations`);
    await owing(databases, recovery);
    yield await measure('orders given back, both compensations');
    if (owners !== undefined) yield await busyOwners(servers.temporal, databases, owners, say);
  } finally {
    await Promise.all(Object.values(databases).map((knex) => knex.destroy()));
  }
}

function openAll({ databases }: RunningStack): Databases {
  return byService((service) => openDatabase({ url: databases[service].adminUrl, poolMax: 10 }));
}

/** Orders that were claimed long ago, each by an owner of its own. */
async function claimed(
  { order, product }: Databases,
  count: number,
  ownerOf: () => string,
): Promise<PlacedOrder[]> {
  const intake = createOrderIntake(order);
  const prices = new Map(
    (await product('products').select('product_id', 'price')).map(
      ({ product_id: id, price }) => [id, Number(price)] as const,
    ),
  );
  const orders = benchOrders(scenarios.plain, 1);
  const bar = progressBar('Leaving behind', 'orders', barAfterMs);
  const all: PlacedOrder[] = [];
  while (all.length < count) {
    const some = Array.from({ length: Math.min(ordersAtOnce, count - all.length) }, () =>
      placed((orders.next() as { value: LoadOrder }).value, prices),
    );
    await intake.createOrders(
      some.map((one) => ({ ...one, idempotencyKey: one.orderId, requestHash: 'bench' })),
    );
    for (const { orderId } of some) {
      await order('orders')
        .where('order_id', orderId)
        .update({
          status: 'PLACING',
          pattern: 'saga',
          owner: ownerOf(),
          owned_at: order.raw('NOW(6) - INTERVAL 1 HOUR'),
        });
    }
    all.push(...some);
    bar.update(all.length, count);
  }
  bar.stop();
  return all;
}

function placed({ customerId, items }: LoadOrder, prices: Map<string, number>): PlacedOrder {
  const lines = items.map(({ productId, quantity }) => ({
    productId,
    quantity,
    unitPrice: prices.get(productId) ?? 0,
  }));
  const total = lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
  return { orderId: `o-${randomUUID()}`, customerId, lines, total };
}

async function orphans(databases: Databases, count: number): Promise<void> {
  await claimed(databases, count, () => `place-${randomUUID()}`);
}

/** Orders decided CANCEL whose effects are there, and whose compensations are due. */
async function owing(databases: Databases, count: number): Promise<void> {
  const orders = await claimed(databases, count, () => `place-${randomUUID()}`);
  const actions = participants.map((participant) => {
    const activities = createParticipantActivities(participant, databases[participant.name]);
    const act = activities[participant.steps.saga.action];
    return (some: PlacedOrder[]) => act(some.map(participant.command));
  });
  for (let i = 0; i < orders.length; i += ordersAtOnce) {
    const some = orders.slice(i, i + ordersAtOnce);
    await Promise.all(actions.map((act) => act(some)));
    const ids = some.map(({ orderId }) => orderId);
    await databases
      .order('orders')
      .whereIn('order_id', ids)
      .update({ status: 'PENDING', decision: 'CANCEL', reason: 'unavailable' });
    await databases.order('compensations').insert(
      ids.flatMap((id) =>
        compensationSteps.map((step) => ({
          order_id: id,
          step,
          next_retry_at: databases.order.fn.now(6),
          last_error: 'left by the benchmark',
        })),
      ),
    );
  }
}

/** How long a look at so many owners takes, all of which are open workflows. */
async function busyOwners(
  client: Client,
  databases: Databases,
  count: number,
  say: Say,
): Promise<RecoveryRow> {
  say(`${count} orders of as many open workflows`);
  const owners = Array.from({ length: count }, () => `place-${randomUUID()}`);
  const bar = progressBar('Starting', 'workflows', barAfterMs);
  for (let i = 0; i < count; i += startsAtOnce) {
    await Promise.all(
      owners
        .slice(i, i + startsAtOnce)
        .map((workflowId) =>
          client.workflow.start('busy', { workflowId, taskQueue: idleQueue, args: [] }),
        ),
    );
    bar.update(Math.min(count, i + startsAtOnce), count);
  }
  bar.stop();
  let next = 0;
  await claimed(databases, count, () => owners[next++] ?? '');
  const ask = createAskOwners(client.workflow);
  const loadAverage = loadavg()[0] ?? 0;
  const startedAt = performance.now();
  let found = 0;
  let afterOwner: string | null = '';
  while (afterOwner !== null) {
    const query = { olderThanMs: 30_000, afterOwner, limit: 500 };
    const page = await findOrphans(databases.order, ask, query);
    found += page.orphans.length;
    afterOwner = page.lastOwner;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  if (found > 0) throw new Error(`${found} orders of open workflows were taken for orphans`);
  const perSecond = Math.round(count / seconds);
  const what = 'owners looked at, all of them open';
  return { what, count, seconds, perSecond, loadAverage, audit: '-' };
}
