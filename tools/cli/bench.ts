import { readFileSync } from 'node:fs';
import { runScript } from '../stack/entry';
import { backlogs, type BacklogRow } from '../measure/bench/backlog';
import { growth } from '../measure/bench/growth';
import { recoveries, type RecoveryRow } from '../measure/bench/recovery';
import { readOptions, type BenchOptions } from '../measure/bench/options';
import { writePlots } from '../measure/bench/plots';
import { rowSchema, type Row } from '../measure/bench/row';
import { startServers } from '../measure/bench/servers';
import { sweep } from '../measure/bench/sweep';
import { backlogTableOf, growthTableOf, tableOf } from '../measure/bench/table';

async function main(): Promise<number> {
  const options = readOptions();
  if (options.from !== undefined) {
    await plot(recorded(options.from), options.plots);
    return 0;
  }
  const servers = await startServers(say);
  try {
    if (options.backlog !== undefined) {
      const rows = await collect(backlogs(servers, options, say), options, describeBacklog);
      if (!options.json) process.stdout.write(backlogTableOf(rows));
      return exitCodeOf(rows);
    }
    if (options.recovery !== undefined) {
      const rows = await collect(recoveries(servers, options, say), options, describeRecovery);
      return rows.some(({ audit }) => audit === 'not clean') ? 1 : 0;
    }
    const measuring = options.growth ? growth : sweep;
    const rows = await collect(measuring(servers, options, say), options, describe);
    const table = options.growth ? growthTableOf : tableOf;
    if (!options.json) process.stdout.write(table(rows));
    if (!options.growth) await plot(rows, options.plots);
    return exitCodeOf(rows);
  } finally {
    await servers.close();
  }
}

/** What a reader may miss goes to stderr; stdout is a program's to read. */
function say(what: string): void {
  process.stderr.write(`${what}\n`);
}

async function collect<R>(
  rows: AsyncGenerator<R>,
  { json }: BenchOptions,
  describeRow: (row: R) => string,
): Promise<R[]> {
  const all: R[] = [];
  for await (const row of rows) {
    all.push(row);
    if (json) process.stdout.write(`${JSON.stringify(row)}\n`);
    else say(describeRow(row));
  }
  return all;
}

function describe(row: Row): string {
  const load = row.loop === 'open' ? `${row.rate ?? 0} orders/s due` : `${row.callers} callers`;
  const shed = row.shed ? `, ${row.shed} shed` : '';
  return (
    `  ${load}: ${row.ordersPerSecond} orders/s, p50 ${row.p50Ms} ms${shed}, ` +
    `audit ${row.audit} in ${row.auditSeconds ?? 0} s`
  );
}

function describeBacklog(row: BacklogRow): string {
  return `  ${row.ordersPerSecond} orders/s over ${row.drainSeconds} s, audit ${row.audit}`;
}

function describeRecovery({ what, count, seconds, perSecond, audit }: RecoveryRow): string {
  const rate = `${count} in ${seconds.toFixed(1)} s, ${perSecond} a second`;
  return `  ${what}: ${rate}, audit ${audit}`;
}

function exitCodeOf(rows: readonly { audit: string }[]): number {
  return rows.every(({ audit }) => audit === 'clean') ? 0 : 1;
}

/** Rows as `--json` has printed them; what else was printed between them is passed over. */
function recorded(path: string): Row[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => rowSchema.parse(JSON.parse(line)));
}

async function plot(rows: readonly Row[], folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  for (const file of await writePlots(rows, folder)) say(`wrote ${file}`);
}

runScript(main);
