import { loadavg } from 'node:os';
import type { RunningStack } from '../stack/state';
import { auditStack } from '../load/audit-stack';
import { temporalActions } from './actions';
import { counted, readCounters, type Counters } from './counters';
import { runOneLoad, type Load } from './loads';
import { readMeters, used } from './meters';
import { thousandths, type Row } from './row';
import type { BenchServers } from './servers';
import type { Subject } from './subjects';

/** What is known of a measurement before it is made. */
export interface Setting {
  subject: Subject;
  round: number;
  /** What the subject's processes do while nobody orders anything. */
  idle: Counters;
}

/**
 * Runs one load against a subject that is up, and counts what it cost. The audit that follows waits
 * until all is done: an order may have ended for its caller while services still tell each other.
 */
export async function measure(servers: BenchServers, setting: Setting, load: Load): Promise<Row> {
  const { stack, mysql, temporal } = servers;
  const { subject, round, idle } = setting;
  const loadAverage = loadavg()[0] ?? 0;
  const meters = await readMeters(servers.processes(), mysql);
  const before = await readCounters(mysql);
  const since = new Date();
  const { shed, ...summary } = await runOneLoad(stack, load, `${subject.name}, measured`);
  const usage = used(meters, await readMeters(servers.processes(), mysql));
  const audit = await audited(stack);
  const until = new Date();
  const seconds = (until.getTime() - since.getTime()) / 1_000;
  const counters = counted(before, await readCounters(mysql), { perSecond: idle, seconds });
  const { localActivities, ...actions } = await temporalActions(temporal, since, until);
  const { latencyMs, failed, unknown } = summary;
  const each = (total: number) => thousandths(total / Math.max(1, summary.orders));
  const eachOf = <T extends object>(totals: T) =>
    Object.fromEntries(
      Object.entries(totals).map(([name, total]: [string, number]) => [name, each(total)]),
    ) as Record<keyof T, number>;
  const cpuMsByProcess = eachOf(usage.cpuMs);
  return {
    subject: subject.name,
    pattern: subject.pattern,
    scenario: load.scenario.name,
    round,
    ...(load.loop === 'closed'
      ? { callers: load.callers }
      : { callers: 0, rate: load.rate, outstandingMax: load.outstandingMax, shed }),
    orders: summary.orders,
    seconds: thousandths(summary.seconds),
    ordersPerSecond: thousandths(summary.ordersPerSecond),
    completed: summary.completed,
    cancelled: summary.cancelled,
    pending: summary.pending,
    failed: Object.values(failed).reduce((sum, n) => sum + n, unknown),
    latencyMs: { p50: latencyMs.createAndPlace.p50, p99: latencyMs.createAndPlace.p99 },
    placeMs: { p50: latencyMs.place.p50, p99: latencyMs.place.p99 },
    ...eachOf(counters),
    rowsRead: each(usage.rowsRead),
    temporalKbWritten: each(usage.temporalBytesWritten / 1_024),
    cpuMs: each(Object.values(usage.cpuMs).reduce((sum, ms) => sum + ms, 0)),
    cpuMsByProcess,
    actions: eachOf(actions),
    localActivities: each(localActivities),
    ...audit,
    loadAverage: thousandths(loadAverage),
  };
}

/** Whether the books are right and all is at rest, and how long it took to prove it. */
export async function audited(
  stack: RunningStack,
): Promise<{ audit: 'clean' | 'not clean'; auditSeconds: number }> {
  const startedAt = performance.now();
  const { clean, atRest } = await auditStack(stack);
  const auditSeconds = thousandths((performance.now() - startedAt) / 1_000);
  return { audit: clean && atRest ? 'clean' : 'not clean', auditSeconds };
}
