import type { Knex } from 'knex';
import { byService, type Service } from '../../contracts/participants';
import { openDatabase } from '../../activities/database/connection';
import { progressBar } from '../load/progress';
import { measure } from './measure';
import type { BenchOptions } from './options';
import { scenarios } from './orders';
import { barAfterMs } from './progress';
import type { Row } from './row';
import type { BenchServers } from './servers';
import { storeOrders } from './stored-orders';
import { saga } from './subjects';
import { busy, sweep, type Say } from './sweep';

const callersByDefault = 64;
/** Stored orders lie a second apart. */
const msPerOrder = 1_000;
const settleMsMax = 60_000;
const dirtyPagesMax = 200;

/** The same load beside more and more orders that are stored already, the sizes ascending. */
export async function* growth(
  servers: BenchServers,
  options: BenchOptions,
  say: Say,
): AsyncGenerator<Row> {
  const sizes = [...(options.growth ?? [])].sort((a, b) => a - b);
  const callers = options.callers?.[0] ?? callersByDefault;
  const epochMs = Date.now() - ((sizes.at(-1) ?? 0) + 1) * msPerOrder;
  let next = 1;
  for (const size of sizes) {
    next = await fillUp(servers, { next, size, epochMs }, say);
    const storedOrders = await countOrders(servers.mysql);
    say(`${storedOrders} stored orders`);
    const wanted = { subjects: options.variants ?? [saga], rounds: 1, warmUp: busy };
    yield* sweep(servers, wanted, say, async function* (offered, setting) {
      for (const subject of offered) {
        const { pattern } = subject;
        const own = { scenario: scenarios.plain, pattern, seconds: options.seconds, seed: size };
        const load = { loop: 'closed', callers, ...own } as const;
        yield await measure(servers, { ...setting, subject, storedOrders }, load);
      }
    });
  }
}

/** Stores as many as are missing, and answers the number of the next to be stored. */
async function fillUp(
  servers: BenchServers,
  { next, size, epochMs }: { next: number; size: number; epochMs: number },
  say: Say,
): Promise<number> {
  return withDatabases(servers, async (databases) => {
    const missing = size - (await countOrders(databases.order));
    if (missing <= 0) return next;
    const to = next + missing - 1;
    const startedAt = performance.now();
    const bar = progressBar('Storing', 'orders', barAfterMs);
    try {
      const onProgress = (done: number, total: number) => {
        bar.update(done, total);
      };
      const store = () => storeOrders(databases, { from: next, to, epochMs, onProgress });
      await hurried(databases.order, store);
    } finally {
      bar.stop();
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    say(`stored ${missing} orders in ${seconds.toFixed(1)} s`);
    for (const knex of Object.values(databases)) await settle(knex);
    return to + 1;
  });
}

/** Not worth being durable: storing half-way is begun again. Measurements are made as before. */
const hurry = {
  innodb_redo_log_capacity: 4 * 1_024 ** 3,
  innodb_flush_log_at_trx_commit: 2,
  innodb_doublewrite: 'DETECT_ONLY',
};

async function hurried(knex: Knex, work: () => Promise<void>): Promise<void> {
  const names = Object.keys(hurry);
  const values = names.map((name) => `@@GLOBAL.${name} ${name}`).join(', ');
  const [[before]] = (await knex.raw(`SELECT ${values}`)) as [Record<string, string | number>[]];
  const set = async (settings: Record<string, string | number>) => {
    for (const name of names) await knex.raw('SET GLOBAL ?? = ?', [name, settings[name] ?? '']);
  };
  await set(hurry);
  try {
    await work();
  } finally {
    if (before) await set(before);
  }
}

/** Waits until what was stored is on the disk: the measurement would compete with its writing. */
async function settle(knex: Knex): Promise<void> {
  const bar = progressBar('Flushing', 'pages', barAfterMs);
  const [[before]] = (await knex.raw('SELECT @@GLOBAL.innodb_max_dirty_pages_pct pct')) as [
    { pct: number }[],
  ];
  await knex.raw('SET GLOBAL innodb_max_dirty_pages_pct = 0');
  try {
    const deadline = Date.now() + settleMsMax;
    const first = await dirtyPages(knex);
    for (let dirty = first; dirty > dirtyPagesMax && Date.now() < deadline;) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      dirty = await dirtyPages(knex);
      bar.update(Math.max(0, first - dirty), first);
    }
  } finally {
    await knex.raw('SET GLOBAL innodb_max_dirty_pages_pct = ?', [before?.pct ?? 90]);
    bar.stop();
  }
}

async function dirtyPages(knex: Knex): Promise<number> {
  const [rows] = (await knex.raw(`SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'`)) as [
    { Value: string }[],
  ];
  return Number(rows[0]?.Value ?? 0);
}

async function countOrders(order: Knex): Promise<number> {
  const [rows] = (await order.raw('SELECT COUNT(*) n FROM orders')) as [{ n: number }[]];
  return rows[0]?.n ?? 0;
}

async function withDatabases<T>(
  { stack }: BenchServers,
  work: (databases: Record<Service, Knex>) => Promise<T>,
): Promise<T> {
  const databases = byService((service) =>
    openDatabase({ url: stack.databases[service].adminUrl, poolMax: 1 }),
  );
  try {
    return await work(databases);
  } finally {
    await Promise.all(Object.values(databases).map((knex) => knex.destroy()));
  }
}
