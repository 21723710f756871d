import { runScript, say } from '../stack/entry';
import { collect } from '../measure/collect';
import { growth } from '../measure/growth';
import { benchOptions } from '../measure/options';
import { recoveries, type RecoveryRow } from '../measure/recovery';
import type { Row } from '../measure/row';
import { startServers } from '../measure/servers';
import { bench } from '../measure/sweep';
import { benchTable } from '../measure/table';

async function main(): Promise<number> {
  const options = benchOptions();
  const servers = await startServers(say);
  try {
    if (options.recovery !== undefined) {
      const rows = await collect(recoveries(servers, options, say), options, describeRecovery);
      return exitCodeOf(rows);
    }
    const measured = options.growth ? growth : bench;
    const rows = await collect(measured(servers, options, say), options, describe);
    if (!options.json) process.stdout.write(benchTable(rows));
    return exitCodeOf(rows);
  } finally {
    await servers.close();
  }
}

function describe({ subject, rate, callers, ordersPerSecond, latencyMs, shed, ...row }: Row) {
  const load = rate === undefined ? `${callers} callers` : `${rate} orders/s due`;
  return (
    `${subject}, ${row.scenario}, ${load}: ${ordersPerSecond} orders/s, p50 ${latencyMs.p50} ms` +
    `${shed ? `, ${shed} shed` : ''}, audit ${row.audit} in ${row.auditSeconds} s`
  );
}

function describeRecovery({ what, count, seconds, perSecond, audit }: RecoveryRow): string {
  const rate = `${count} in ${seconds.toFixed(1)} s, ${perSecond} a second`;
  return `  ${what}: ${rate}, audit ${audit}`;
}

function exitCodeOf(rows: readonly { audit: string }[]): number {
  return rows.some(({ audit }) => audit === 'not clean') ? 1 : 0;
}

runScript(main);
