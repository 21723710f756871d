import { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { openTemporal } from '../../api/placing/temporal-connection';
import { ownLimits, startOwnServers, type OwnServersOptions } from '../stack/own-servers';
import type { ProcessStatus, RunningStack } from '../stack/state';
import { enableCounters } from './counters';
import { processesOf, type Subject } from './subjects';

/** A MySQL and a Temporal of the measurement's own, and the processes of one subject at a time. */
export interface BenchServers {
  stack: RunningStack;
  /** The administrator's way to the one MySQL. */
  mysql: Knex;
  temporal: Client;
  processes(): ProcessStatus[];
  start(subject: Subject): Promise<void>;
  stop(subject: Subject): Promise<void>;
  close(): Promise<void>;
}

/** @param inside for code that looks into MySQL while it works */
export async function startServers(
  say: (what: string) => void,
  inside?: OwnServersOptions['mysql'],
): Promise<BenchServers> {
  const own = await startOwnServers({
    name: 'bench',
    say,
    ...(inside && { mysql: inside }),
    died: ({ name, reason }) => {
      say(`${name} died (${reason})`);
    },
  });
  const { file, settings, stack, supervisor } = own;
  const mysql = openDatabase({ url: stack.databases.order.adminUrl, poolMax: 2 });
  const { address, namespace } = stack.temporal;
  const connection = openTemporal(address);
  await enableCounters(mysql);
  const processes = (subject: Subject) => processesOf(subject, file, settings);
  return {
    stack,
    mysql,
    temporal: new Client({ connection, namespace }),
    processes: () => supervisor.records,
    start: (subject) => supervisor.start(processes(subject), ownLimits),
    stop: (subject) => supervisor.stop([['api'], processes(subject).map(({ name }) => name)]),
    async close() {
      await Promise.all([mysql.destroy(), connection.close()]);
      await own.close();
    },
  };
}
