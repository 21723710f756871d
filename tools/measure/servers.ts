import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { openTemporal } from '../../api/placing/temporal-connection';
import { prepareDatabases } from '../stack/databases';
import { choosePorts } from '../stack/ports';
import { dataFolderOf, ensurePrograms, prepareMysqlServers } from '../stack/servers';
import { temporalServer } from '../stack/servers';
import { readSettings } from '../stack/settings';
import { newStackFile } from '../stack/stack-file';
import { describeStack, type ProcessStatus, type RunningStack } from '../stack/state';
import { Supervisor } from '../stack/supervisor';
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

const limits = { msMax: 60_000, deathsMax: 3 };
/**
 * Starts the servers on free ports, durable as those of `npm start`, in a folder of their own.
 *
 * @param inside for who looks into MySQL while it works
 */
export async function startServers(
  say: (what: string) => void,
  inside?: Parameters<typeof prepareMysqlServers>[3],
): Promise<BenchServers> {
  const folder = mkdtempSync(join(tmpdir(), 'order-bench-'));
  mkdirSync(join(folder, 'logs'));
  const settings = { ...readSettings(), localFolder: folder };
  const file = newStackFile(false);
  file.ports = await choosePorts(settings.ports, undefined, false);
  const programs = await ensurePrograms(settings, ({ what }) => {
    say(what);
  });
  const supervisor = new Supervisor({
    changed: () => undefined,
    died: ({ name, reason }) => {
      say(`${name} died (${reason})`);
    },
  });
  const stack = describeStack(file);
  const mysql = openDatabase({ url: stack.databases.order.adminUrl, poolMax: 2 });
  const connection = openTemporal(stack.temporal.address);
  const close = async () => {
    await Promise.all([mysql.destroy(), connection.close()]);
    supervisor.close();
    await supervisor.stop([supervisor.records.map(({ name }) => name)]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const servers = await prepareMysqlServers(file, settings, programs, inside);
    await supervisor.start([...servers, temporalServer(file, settings, programs)], limits);
    await prepareDatabases(file, dataFolderOf(settings));
    await enableCounters(mysql);
  } catch (error) {
    await close();
    throw error;
  }
  const processes = (subject: Subject) => processesOf(subject, file, settings);
  const { namespace } = stack.temporal;
  return {
    stack,
    mysql,
    temporal: new Client({ connection, namespace }),
    processes: () => supervisor.records,
    start: (subject) => supervisor.start(processes(subject), limits),
    stop: (subject) => supervisor.stop([['api'], processes(subject).map(({ name }) => name)]),
    close,
  };
}
