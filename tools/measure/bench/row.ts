import { Client } from '@temporalio/client';
import { z } from 'zod';
import { openTemporal } from '../../../api/placing/temporal-connection';
import { openDatabase } from '../../../activities/database/connection';
import { auditStack } from '../../load/audit-stack';
import type { Summary } from '../../load/outcomes';
import { actionsIn, temporalActions } from './actions';
import { runOneLoad, type Load } from './loads';
import { readMeters, used, type Usage } from './meters';
import { timed } from './progress';
import type { BenchServers } from './servers';
import type { Variant } from './variants';

/** One measurement; what `--json` prints, a line each. */
export const rowSchema = z.object({
  variant: z.string(),
  round: z.number(),
  /** Rows that were recorded before there was another loop do not name theirs. */
  loop: z.enum(['closed', 'open']).default('closed'),
  /** At once; 0 in an open loop, whose orders leave by the clock. */
  callers: z.number(),
  /** Of an open loop: orders that were due each second, and how many might be under way. */
  rate: z.number().optional(),
  outstandingMax: z.number().optional(),
  /** Of an open loop: orders that were not sent, because so many were under way. */
  shed: z.number().optional(),
  seconds: z.number().optional(),
  ordersPerSecond: z.number(),
  /** Of creating and placing an order; in an open loop from when the order was due. */
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  /** Of the placing alone. */
  placeP50Ms: z.number(),
  /** Of all processes, the load generator left out. */
  cpuMsPerOrder: z.number(),
  cpuMsByProcess: z.record(z.string(), z.number()),
  temporalActionsPerOrder: z.number(),
  databaseTransactionsPerOrder: z.number(),
  logFsyncsPerOrder: z.number(),
  rowsReadPerOrder: z.number(),
  temporalKbWrittenPerOrder: z.number(),
  failedPercent: z.number(),
  hot: z.boolean(),
  orders: z.number(),
  /** Stored when the measurement began, where growth is measured. */
  storedOrders: z.number().optional(),
  /** How long the audit took that followed. */
  auditSeconds: z.number().optional(),
  /** Of the machine, over a minute, before the variant was started. */
  loadAverage: z.number().optional(),
  audit: z.enum(['clean', 'not clean']),
});

export type Row = z.infer<typeof rowSchema>;

/** What is known of a measurement before it is made. */
export interface Setting {
  variant: Variant;
  round: number;
  loadAverage: number;
  storedOrders?: number;
}

/** Runs one load against a variant that is up, and audits what it left. */
export async function measure(servers: BenchServers, setting: Setting, load: Load): Promise<Row> {
  const { stack } = servers;
  const { variant, round, loadAverage, storedOrders } = setting;
  const mysql = openDatabase({ url: stack.databases.order.adminUrl, poolMax: 1 });
  const connection = openTemporal(stack.temporal.address);
  const client = new Client({ connection, namespace: stack.temporal.namespace });
  try {
    const before = await readMeters(servers.processes(), mysql);
    const since = new Date();
    const summary = await timed('Measuring', load.seconds, () => runOneLoad(stack, load));
    const usage = used(before, await readMeters(servers.processes(), mysql));
    const auditedAt = performance.now();
    const report = await auditStack(stack);
    const auditSeconds = round3((performance.now() - auditedAt) / 1_000);
    const actions = actionsIn(await temporalActions(client, since, new Date()));
    const { failedPercent, hot } = load.scenario;
    return {
      variant: variant.name,
      round,
      ...loadFields(load, summary.shed),
      seconds: load.seconds,
      ...figures(summary, usage, actions),
      failedPercent,
      hot,
      orders: summary.orders,
      ...(storedOrders !== undefined && { storedOrders }),
      auditSeconds,
      loadAverage: round3(loadAverage),
      audit: report.clean && report.atRest ? 'clean' : 'not clean',
    };
  } finally {
    await connection.close();
    await mysql.destroy();
  }
}

function loadFields(load: Load, shed = 0) {
  if (load.loop === 'closed') return { loop: load.loop, callers: load.callers };
  const { loop, rate, outstandingMax } = load;
  return { loop, callers: 0, rate, outstandingMax, shed };
}

function figures(summary: Summary, usage: Usage, actions: number) {
  const { orders, ordersPerSecond, latencyMs } = summary;
  const each = (total: number) => round3(total / Math.max(1, orders));
  const cpu = Object.entries(usage.cpuMs).map(([name, ms]) => [name, each(ms)] as const);
  return {
    ordersPerSecond: round3(ordersPerSecond),
    p50Ms: latencyMs.createAndPlace.p50,
    p95Ms: latencyMs.createAndPlace.p95,
    p99Ms: latencyMs.createAndPlace.p99,
    placeP50Ms: latencyMs.place.p50,
    cpuMsPerOrder: round3(cpu.reduce((sum, [, ms]) => sum + ms, 0)),
    cpuMsByProcess: Object.fromEntries(cpu),
    temporalActionsPerOrder: each(actions),
    databaseTransactionsPerOrder: each(usage.databaseTransactions),
    logFsyncsPerOrder: each(usage.logFsyncs),
    rowsReadPerOrder: each(usage.rowsRead),
    temporalKbWrittenPerOrder: each(usage.temporalBytesWritten / 1_024),
  };
}

function round3(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
