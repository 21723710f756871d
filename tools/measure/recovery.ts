import { loadavg } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { createOrderActivities } from '../../activities/order/activities';
import type { PlacedOrder } from '../../contracts/order';
import { compensationSteps } from '../../contracts/participants';
import type { OrderActivities } from '../../contracts/steps';
import { createAskOwners } from '../../workers/wiring/open-owners';
import { untilNoneMoves } from '../load/audit-stack';
import { withProgress } from '../load/progress';
import { closeAll, openAll, type AllDatabases } from '../stack/all-databases';
import { audited } from './measure';
import { ownerOf, plant, takeAll } from './planting';
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

/** A queue without a worker: a workflow on it stays open. */
const idleQueue = 'nobody';
const startsAtOnce = 50;
const recoveryMsMax = 300_000;

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
  const databases = openAll(stack, 'adminUrl', 10);
  const askOwners = createAskOwners(servers.temporal.workflow);
  const service = createOrderActivities({ knex: databases.order, askOwners });
  const measure = async (what: string): Promise<RecoveryRow> => {
    const loadAverage = loadavg()[0] ?? 0;
    const startedAt = await databaseTime(databases.order);
    await servers.start(saga);
    try {
      await untilNoneMoves(databases.order, recoveryMsMax);
      const seconds = await endsSince(databases.order, startedAt);
      const { audit } = await audited(stack);
      const perSecond = Math.round(recovery / seconds);
      return { what, count: recovery, seconds, perSecond, loadAverage, audit };
    } finally {
      await servers.stop(saga);
    }
  };
  try {
    say(`${recovery} orphans, each of an owner of its own that never began`);
    await plant(databases, recovery);
    yield await measure('orphans adopted and completed');
    say(`${recovery} orders that owe all compensations`);
    await plantOwing(databases, service, recovery);
    yield await measure('orders given back, both compensations');
    if (owners === undefined) return;
    say(`${owners} orders of as many open workflows`);
    const planted = await plantOwned(servers.temporal, databases, owners);
    yield await lookAtOwners(service, planted);
  } finally {
    await closeAll(databases);
  }
}

/** Orders decided CANCEL whose effects are there, and whose compensations are due. */
async function plantOwing(
  databases: AllDatabases,
  service: OrderActivities,
  count: number,
): Promise<void> {
  const take = takeAll(databases);
  await plant(databases, count, async (orders) => {
    await take(orders);
    const cancel = { decision: 'CANCEL', reason: 'unavailable' } as const;
    await service.decideOrders(orders.map(({ orderId }) => ({ orderId, ...cancel })));
    const failed = orders.flatMap(({ orderId }) =>
      compensationSteps.map((step) => ({ orderId, step, error: 'left by the benchmark' })),
    );
    await service.registerCompensations(failed);
  });
}

/** Orders whose owners are open workflows; answers how many. */
async function plantOwned(client: Client, databases: AllDatabases, count: number): Promise<number> {
  const planted: PlacedOrder[] = [];
  await plant(databases, count, (orders) => Promise.resolve(planted.push(...orders)));
  await withProgress('Starting', 'workflows', async (update) => {
    const waiting = planted.entries();
    const start = async () => {
      for (const [i, order] of waiting) {
        const options = { workflowId: ownerOf(order), taskQueue: idleQueue, args: [] };
        await client.workflow.start('busy', options);
        update(i, count);
      }
    };
    await Promise.all(Array.from({ length: startsAtOnce }, start));
  });
  return planted.length;
}

/** How long a look at so many owners takes, all of which are open workflows. */
async function lookAtOwners(service: OrderActivities, count: number): Promise<RecoveryRow> {
  const loadAverage = loadavg()[0] ?? 0;
  const startedAt = performance.now();
  let found = 0;
  let afterOwner: string | null = '';
  while (afterOwner !== null) {
    const page = await service.findOrphans({ olderThanMs: 30_000, afterOwner, limit: 500 });
    found += page.orphans.length;
    afterOwner = page.lastOwner;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  if (found > 0) throw new Error(`${found} orders of open workflows were taken for orphans`);
  const perSecond = Math.round(count / seconds);
  const what = 'owners looked at, all of them open';
  return { what, count, seconds, perSecond, loadAverage, audit: '-' };
}

/** The database's clock, which also stamps the orders' ends; as text, to the microsecond. */
export async function databaseTime(order: Knex): Promise<string> {
  const [rows] = (await order.raw('SELECT CAST(UTC_TIMESTAMP(6) AS CHAR) t')) as [{ t: string }[]];
  return rows[0]?.t ?? '';
}

/** How many seconds lie between the first and the last end of an order since an instant. */
export async function endsSince(order: Knex, startedAt: string): Promise<number> {
  const [rows] = (await order.raw(
    `SELECT TIMESTAMPDIFF(MICROSECOND, MIN(ended_at), MAX(ended_at)) us FROM orders
     WHERE ended_at >= ?`,
    [startedAt],
  )) as [{ us: number | null }[]];
  return (rows[0]?.us ?? 0) / 1e6;
}
