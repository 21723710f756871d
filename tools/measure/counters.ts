import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';

/** What MySQL itself has counted, of all databases on the server. */
export interface Counters {
  /**
   * Transactions that were committed and had locked or written something, an XA branch being one;
   * a statement by itself is a transaction by itself.
   */
  transactions: number;
  /** Rows inserted, updated or deleted, those that were rolled back included. */
  rowsWritten: number;
  /** Of the log, to the disk. */
  logFsyncs: number;
}

/** To be called once, before the first reading: the server does not count these by itself. */
export async function enableCounters(mysql: Knex): Promise<void> {
  await mysql.raw(`SET GLOBAL innodb_monitor_enable = 'trx_rw_commits'`);
  await mysql.raw(`SET GLOBAL innodb_monitor_enable = 'trx_rollbacks'`);
}

/** Reads all counters now, by plain reads, which count nowhere. */
export async function readCounters(mysql: Knex): Promise<Counters> {
  const [rows] = (await mysql.raw(
    `SELECT name AS n, count AS v FROM information_schema.innodb_metrics
     WHERE name IN ('trx_rw_commits', 'trx_rollbacks')`,
  )) as [{ n: string; v: number | string }[]];
  const [status] = (await mysql.raw(
    `SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_rows_inserted', 'Innodb_rows_updated',
       'Innodb_rows_deleted', 'Innodb_os_log_fsyncs')`,
  )) as [{ Variable_name: string; Value: string }[]];
  const values = new Map<string, number>([
    ...rows.map(({ n, v }) => [n, Number(v)] as const),
    ...status.map((row) => [row.Variable_name, Number(row.Value)] as const),
  ]);
  const value = (name: string) => {
    const found = values.get(name);
    if (found === undefined) throw new Error(`MySQL does not count ${name}`);
    return found;
  };
  return {
    // A rollback counts as a commit too: of what undid the changes.
    transactions: value('trx_rw_commits') - value('trx_rollbacks'),
    rowsWritten:
      value('Innodb_rows_inserted') + value('Innodb_rows_updated') + value('Innodb_rows_deleted'),
    logFsyncs: value('Innodb_os_log_fsyncs'),
  };
}

/** What was counted between two readings, less what an idle system would have done meanwhile. */
export function counted(
  before: Counters,
  after: Counters,
  idle: { perSecond: Counters; seconds: number } = { perSecond: nothing, seconds: 0 },
): Counters {
  const difference = (name: keyof Counters) =>
    Math.max(0, after[name] - before[name] - idle.perSecond[name] * idle.seconds);
  return each(difference);
}

/** How much is counted each second while nobody orders anything: schedules, sweeps and relays. */
export async function idlePerSecond(
  mysql: Knex,
  seconds: number,
  pass = () => sleep(seconds * 1_000),
): Promise<Counters> {
  const before = await readCounters(mysql);
  await pass();
  const idle = counted(before, await readCounters(mysql));
  return each((name) => idle[name] / seconds);
}

const nothing: Counters = { transactions: 0, rowsWritten: 0, logFsyncs: 0 };

function each(value: (name: keyof Counters) => number): Counters {
  return {
    transactions: value('transactions'),
    rowsWritten: value('rowsWritten'),
    logFsyncs: value('logFsyncs'),
  };
}
