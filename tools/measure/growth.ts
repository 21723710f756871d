import type { Knex } from 'knex';
import { withProgress } from '../load/progress';
import { closeAll, openAll } from '../stack/all-databases';
import type { BenchOptions } from './options';
import { plantCompleted } from './planting';
import type { Row } from './row';
import type { BenchServers } from './servers';
import { saga } from './subjects';
import { bench, type Say } from './sweep';

const callersByDefault = 64;
const settleMsMax = 60_000;
const dirtyPagesMax = 200;

/** The benchmark beside more and more orders that are stored already, the sizes ascending. */
export async function* growth(
  servers: BenchServers,
  options: BenchOptions,
  say: Say,
): AsyncGenerator<Row> {
  const { variants = [saga], callers = [callersByDefault] } = options;
  for (const size of [...(options.growth ?? [])].sort((a, b) => a - b)) {
    await fillUp(servers, size);
    const storedOrders = await countOrders(servers.mysql);
    say(`${storedOrders} stored orders`);
    for await (const row of bench(servers, { ...options, variants, callers }, say)) {
      yield { ...row, storedOrders };
    }
  }
}

/** Stores as many as are missing. */
async function fillUp({ stack, mysql }: BenchServers, size: number): Promise<void> {
  const databases = openAll(stack, 'adminUrl', 2);
  try {
    await plantCompleted(databases, size - (await countOrders(mysql)));
  } finally {
    await closeAll(databases);
  }
  await settle(mysql);
}

/** Waits until what was stored is on the disk: the measurement would compete with its writing. */
async function settle(mysql: Knex): Promise<void> {
  const [[before]] = (await mysql.raw('SELECT @@GLOBAL.innodb_max_dirty_pages_pct pct')) as [
    { pct: number }[],
  ];
  await mysql.raw('SET GLOBAL innodb_max_dirty_pages_pct = 0');
  try {
    await withProgress('Flushing', 'pages', async (update) => {
      const deadline = Date.now() + settleMsMax;
      const first = await dirtyPages(mysql);
      for (let dirty = first; dirty > dirtyPagesMax && Date.now() < deadline;) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        dirty = await dirtyPages(mysql);
        update(Math.max(0, first - dirty), first);
      }
    });
  } finally {
    await mysql.raw('SET GLOBAL innodb_max_dirty_pages_pct = ?', [before?.pct ?? 90]);
  }
}

async function dirtyPages(mysql: Knex): Promise<number> {
  const [rows] = (await mysql.raw(`SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'`)) as [
    { Value: string }[],
  ];
  return Number(rows[0]?.Value ?? 0);
}

async function countOrders(order: Knex): Promise<number> {
  const [rows] = (await order.raw('SELECT COUNT(*) n FROM orders')) as [{ n: number }[]];
  return rows[0]?.n ?? 0;
}
