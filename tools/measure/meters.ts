import { readFileSync } from 'node:fs';
import type { Knex } from 'knex';
import type { ProcessStatus } from '../stack/state';

/** What a run used beside what MySQL counts of its transactions. */
export interface Usage {
  /** By process name, milliseconds of CPU. */
  cpuMs: Record<string, number>;
  /** By all databases of the server. */
  rowsRead: number;
  /** Bytes that Temporal's process has written. */
  temporalBytesWritten: number;
}

/** Linux counts CPU time in hundredths of a second. */
const msPerTick = 10;

/** Reads all meters now; a run's usage is the difference of two readings. */
export async function readMeters(processes: ProcessStatus[], mysql: Knex): Promise<Usage> {
  const cpuMs: Record<string, number> = {};
  let temporalBytesWritten = 0;
  for (const { name, pid } of processes) {
    if (pid === null) continue;
    cpuMs[name] = cpuMsOf(pid);
    if (name === 'temporal') temporalBytesWritten = bytesWrittenBy(pid);
  }
  const [rows] = (await mysql.raw(`SHOW GLOBAL STATUS LIKE 'Handler_read%'`)) as [
    { Value: string }[],
  ];
  const rowsRead = rows.reduce((sum, row) => sum + Number(row.Value), 0);
  return { cpuMs, rowsRead, temporalBytesWritten };
}

/** What happened between two readings. */
export function used(before: Usage, after: Usage): Usage {
  const cpuMs = Object.entries(after.cpuMs).map(
    ([name, ms]) => [name, ms - (before.cpuMs[name] ?? 0)] as const,
  );
  return {
    cpuMs: Object.fromEntries(cpuMs),
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
