import { readFileSync } from 'node:fs';
import type { Knex } from 'knex';
import type { ProcessStatus } from '../../stack/state';

/** What a run used, as each part accounts for it itself. */
export interface Usage {
  /** By process name, milliseconds of CPU. */
  cpuMs: Record<string, number>;
  databaseTransactions: number;
  logFsyncs: number;
  rowsRead: number;
  /** Bytes that Temporal's process has written. */
  temporalBytesWritten: number;
}

/** Linux counts CPU time in hundredths of a second. */
const msPerTick = 10;

/** Reads all counters now; a run's usage is the difference of two readings. */
export async function readMeters(processes: ProcessStatus[], mysql: Knex): Promise<Usage> {
  const cpuMs: Record<string, number> = {};
  let temporalBytesWritten = 0;
  for (const { name, pid } of processes) {
    if (pid === null) continue;
    cpuMs[name] = cpuMsOf(pid);
    if (name === 'temporal') temporalBytesWritten = bytesWrittenBy(pid);
  }
  const [rows] = (await mysql.raw(
    `SHOW GLOBAL STATUS WHERE Variable_name LIKE 'Handler_read%'
       OR Variable_name IN ('Com_commit', 'Innodb_os_log_fsyncs')`,
  )) as [{ Variable_name: string; Value: string }[]];
  const value = (name: string) =>
    rows
      .filter((row) => row.Variable_name.startsWith(name))
      .reduce((sum, row) => sum + Number(row.Value), 0);
  return {
    cpuMs,
    databaseTransactions: value('Com_commit'),
    logFsyncs: value('Innodb_os_log_fsyncs'),
    rowsRead: value('Handler_read'),
    temporalBytesWritten,
  };
}

/** What happened between two readings. */
export function used(before: Usage, after: Usage): Usage {
  const names = Object.keys(after.cpuMs);
  return {
    cpuMs: Object.fromEntries(
      names.map((name) => [name, (after.cpuMs[name] ?? 0) - (before.cpuMs[name] ?? 0)]),
    ),
    databaseTransactions: after.databaseTransactions - before.databaseTransactions,
    logFsyncs: after.logFsyncs - before.logFsyncs,
    rowsRead: after.rowsRead - before.rowsRead,
    temporalBytesWritten: after.temporalBytesWritten - before.temporalBytesWritten,
  };
}

function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name, in parentheses, may hold spaces; the fields after it are numbered from 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = [fields[11], fields[12]].map(Number);
  return (user + system) * msPerTick;
}

function bytesWrittenBy(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}
