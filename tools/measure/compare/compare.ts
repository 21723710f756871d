import { randomUUID } from 'node:crypto';
import { byService } from '../../../contracts/participants';
import { Client } from '@temporalio/client';
import { openTemporal } from '../../../api/placing/temporal-connection';
import { openDatabase } from '../../../activities/database/connection';
import { tokens } from '../bench/loads';
import { benchOrders, scenarios } from '../bench/orders';
import { timed } from '../bench/progress';
import { startServers, type BenchServers } from '../bench/servers';
import { apiClient } from '../../load/api-client';
import { defaultPatience, placeOne } from '../../load/caller';
import type { LoadOrder } from '../../load/order-file';
import { enableCounters, idlePerSecond } from './counters';
import type { DatabaseNames } from './isolation';
import { measure, type Setting, type Stage } from './measure';
import type { CompareOptions } from './options';
import type { Row } from './row';
import { listenable, prepareListening } from './statements';
import { byInstallation, installationOf, subjects, type Subject } from './subjects';

type Say = (what: string) => void;

/** Above the schedules' periods but one, so that most of what goes by the clock is seen. */
const idleSeconds = 6;
const warmUpOrders = 20;

/** Compares what was asked for, round by round, a row for each subject and scenario. */
export async function* compare(options: CompareOptions, say: Say): AsyncGenerator<Row> {
  const servers = await startServers(say, listenable);
  const connection = openTemporal(servers.stack.temporal.address);
  const { order } = servers.stack.databases;
  const mysql = openDatabase({ url: order.adminUrl, poolMax: 2 });
  const reader = openDatabase({ url: order.auditorUrl, poolMax: 1 });
  const { namespace } = servers.stack.temporal;
  const base = {
    servers,
    mysql,
    reader,
    names: namesOf(servers),
    temporal: new Client({ connection, namespace }),
  };
  try {
    await enableCounters(mysql);
    await prepareListening(mysql);
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const group of byInstallation(options.only ?? subjects)) {
        yield* compareGroup(base, group, { ...options, round }, say);
      }
    }
  } finally {
    await Promise.all([mysql.destroy(), reader.destroy(), connection.close()]);
    await servers.close();
  }
}

/** Starts the processes that these subjects share, and measures each in every scenario. */
async function* compareGroup(
  base: Omit<Stage, 'idle'>,
  group: readonly Subject[],
  { round, orders, callers, seconds, scenario }: CompareOptions & { round: number },
  say: Say,
): AsyncGenerator<Row> {
  const [first] = group;
  if (!first) return;
  const installation = installationOf(first);
  await base.servers.startVariant(installation);
  try {
    const offered = await warmUp(base.servers, group, say);
    const idle = await timed('Looking at the idle system', idleSeconds, () =>
      idlePerSecond(base.mysql, idleSeconds),
    );
    for (const name of scenario) {
      const kind = scenarios[name];
      if (!kind) continue;
      for (const subject of offered) {
        const setting: Setting = {
          subject,
          scenario: kind,
          round,
          orders,
          callers,
          secondsMax: seconds,
        };
        yield await measure({ ...base, idle }, setting);
      }
    }
  } finally {
    await base.servers.stopVariant(installation);
  }
}

/** Places a few orders with each, and answers those that the API offers. */
async function warmUp(
  { stack }: BenchServers,
  group: readonly Subject[],
  say: Say,
): Promise<Subject[]> {
  const { plain } = scenarios;
  if (!plain) return [];
  const client = apiClient({
    apiUrl: stack.apiUrl,
    connections: warmUpOrders,
    tokenOf: tokens(stack),
  });
  const orders = benchOrders(plain, 0);
  const offered: Subject[] = [];
  try {
    for (const subject of group) {
      const placeNext = () =>
        placeOne(client, (orders.next() as { value: LoadOrder }).value, {
          key: `warm-up-${randomUUID()}`,
          pattern: subject.pattern,
          patience: defaultPatience,
        });
      const { outcome } = await placeNext();
      if (outcome.kind === 'failed' && outcome.problem === 'pattern-unavailable') {
        say(`${subject.name} is not offered here.`);
        continue;
      }
      offered.push(subject);
      await Promise.all(Array.from({ length: warmUpOrders }, placeNext));
    }
  } finally {
    await client.close();
  }
  return offered;
}

function namesOf({ stack }: BenchServers): DatabaseNames {
  return byService((service) => stack.databases[service].database);
}
