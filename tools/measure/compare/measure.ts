import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { temporalActions } from '../bench/actions';
import { tokens } from '../bench/loads';
import { readMeters, used } from '../bench/meters';
import { benchOrders, type Scenario } from '../bench/orders';
import { barAfterMs } from '../bench/progress';
import type { BenchServers } from '../bench/servers';
import { apiClient } from '../../load/api-client';
import { auditStack } from '../../load/audit-stack';
import { defaultPatience } from '../../load/caller';
import type { LoadOrder } from '../../load/order-file';
import type { Summary } from '../../load/outcomes';
import { progressBar } from '../../load/progress';
import { runLoad } from '../../load/run';
import { counted, readCounters, type Counters } from './counters';
import { watchWhile, type DatabaseNames } from './isolation';
import { byLockKind, heldByOrder, type Held } from './locks';
import { spreadOf, thousandths, type Row } from './row';
import type { Sightings } from './sightings';
import { listenWhile } from './statements';
import type { Subject } from './subjects';

/** Where it is measured. */
export interface Stage {
  servers: BenchServers;
  /** The administrator's way to the one server. */
  mysql: Knex;
  /** The reader of snapshots, as `auditor`. */
  reader: Knex;
  names: DatabaseNames;
  temporal: Client;
  idle: Counters;
}

export interface Setting {
  subject: Subject;
  scenario: Scenario;
  round: number;
  orders: number;
  callers: number;
  /** Then callers begin no further orders. */
  secondsMax: number;
}

/** Callers whose order has not ended yet look again so soon. */
export const pollMs = 50;

/**
 * Measures one subject in one scenario in two runs of the same orders: first as fast as it goes,
 * then watched, which takes its toll. Each is followed by an audit, which waits until all is done.
 */
export async function measure(stage: Stage, setting: Setting): Promise<Row> {
  const loadAverage = loadavg()[0] ?? 0;
  const plain = await runPlain(stage, setting);
  const watched = await runWatched(stage, setting);
  const { starts, activities, timers, signals, updates, localActivities } = await temporalActions(
    stage.temporal,
    plain.since,
    plain.until,
  );
  const { summary } = plain;
  const { latencyMs, failed, unknown } = summary;
  const each = (total: number) => thousandths(total / Math.max(1, summary.orders));
  return {
    subject: setting.subject.name,
    pattern: setting.subject.pattern,
    scenario: setting.scenario.name,
    round: setting.round,
    callers: setting.callers,
    orders: summary.orders,
    seconds: summary.seconds,
    ordersPerSecond: summary.ordersPerSecond,
    completed: summary.completed,
    cancelled: summary.cancelled,
    pending: summary.pending,
    failed: Object.values(failed).reduce((sum, n) => sum + n, unknown),
    latencyMs: { p50: latencyMs.createAndPlace.p50, p99: latencyMs.createAndPlace.p99 },
    transactions: each(plain.counters.transactions),
    rowsWritten: each(plain.counters.rowsWritten),
    logFsyncs: each(plain.counters.logFsyncs),
    cpuMs: each(plain.cpuMs),
    actions: {
      starts: each(starts),
      activities: each(activities),
      timers: each(timers),
      signals: each(signals),
      updates: each(updates),
    },
    localActivities: each(localActivities),
    lockedMs: lockedMs(watched.held),
    statementsLost: watched.lost,
    isolation: isolation(watched.sightings, watched.summary.orders),
    loadAverage: thousandths(loadAverage),
    audit: plain.isClean && watched.isClean ? 'clean' : 'not clean',
  };
}

/** The first run, of which only counters are read, before and after. */
async function runPlain({ servers, mysql, idle }: Stage, setting: Setting) {
  const meters = await readMeters(servers.processes(), mysql);
  const before = await readCounters(mysql);
  const since = new Date();
  const summary = await run(servers, setting, 'measured');
  const { cpuMs } = used(meters, await readMeters(servers.processes(), mysql));
  // An order may have ended for its caller while services still tell each other about it.
  const isClean = await auditedClean(servers);
  const until = new Date();
  const seconds = (until.getTime() - since.getTime()) / 1_000;
  const counters = counted(before, await readCounters(mysql), { perSecond: idle, seconds });
  const allCpuMs = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
  return { summary, since, until, counters, cpuMs: allCpuMs, isClean };
}

/** The second run, in which every statement is heard and snapshots are taken all the time. */
async function runWatched({ servers, mysql, reader, names }: Stage, setting: Setting) {
  const heard = await listenWhile(mysql, () =>
    watchWhile(reader, names, () => run(servers, setting, 'watched')),
  );
  const { result: summary, sightings } = heard.result;
  const isClean = await auditedClean(servers);
  return { summary, sightings, held: heldByOrder(heard.statements), lost: heard.lost, isClean };
}

async function auditedClean({ stack }: BenchServers): Promise<boolean> {
  const { clean, atRest } = await auditStack(stack);
  return clean && atRest;
}

async function run(servers: BenchServers, setting: Setting, how: string): Promise<Summary> {
  const { subject, scenario, round, orders, callers, secondsMax } = setting;
  const { stack } = servers;
  const client = apiClient({
    apiUrl: stack.apiUrl,
    connections: callers,
    tokenOf: tokens(stack),
  });
  const bar = progressBar(`${subject.name}, ${scenario.name}, ${how}`, 'orders', barAfterMs);
  const stop = new AbortController();
  const timer = setTimeout(() => {
    stop.abort();
  }, secondsMax * 1_000);
  try {
    return await runLoad({
      client,
      // The same for every subject of a round, so that all are asked the same.
      orders: take(benchOrders(scenario, round), orders),
      callers,
      pattern: subject.pattern,
      keyPrefix: `compare-${randomUUID()}`,
      patience: { ...defaultPatience, pauseMs: pollMs },
      onProgress: (done) => {
        bar.update(done, orders);
      },
      signal: stop.signal,
    });
  } finally {
    clearTimeout(timer);
    bar.stop();
    await client.close();
  }
}

function* take(orders: Iterable<LoadOrder>, count: number): Generator<LoadOrder> {
  let taken = 0;
  for (const order of orders) {
    if (taken === count) return;
    taken += 1;
    yield order;
  }
}

function lockedMs(held: ReadonlyMap<string, Held>): Row['lockedMs'] {
  const all = [...held.values()];
  return {
    ...byLockKind((kind) => spreadOf(all.map((one) => one[kind]))),
    orders: all.length,
  };
}

function isolation(sightings: Sightings, orders: number): Row['isolation'] {
  const { durations, pausesMs, snapshots, count, byKind } = sightings;
  return {
    orders,
    snapshots,
    everyMs: spreadOf(pausesMs),
    caught: count,
    byKind: byKind,
    atLeastMs: spreadOf(durations.map(({ atLeastMs }) => atLeastMs)),
    atMostMs: spreadOf(durations.map(({ atMostMs }) => atMostMs)),
  };
}
