import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../workers/wiring/config';
import { connectionsMax } from '../../workers/wiring/pools';
import { prepareDatabases } from '../stack/databases';
import { choosePorts } from '../stack/ports';
import { appProcesses } from '../stack/processes';
import {
  dataFolderOf,
  ensurePrograms,
  prepareMysqlServers,
  temporalServer,
} from '../stack/servers';
import { readSettings } from '../stack/settings';
import { mysqlServers, newStackFile } from '../stack/stack-file';
import { describeStack, type RunningStack } from '../stack/state';
import { Supervisor } from '../stack/supervisor';

/** A whole stack on one MySQL server, whose faults are the test's. */
export interface FaultStack {
  stack: RunningStack;
  /** Where the server has its data: a small file system of its own, or undefined. */
  smallDisk: string | undefined;
  /** The processes of ours that have died so far: none should, whatever the server does. */
  died: string[];
  /** The most sessions that all processes may have. */
  sessionsMax: number;
  signalMysql(signal: NodeJS.Signals): void;
  close(): Promise<void>;
}

const limits = { msMax: 60_000, deathsMax: 10 };
const diskMb = 700;

/** Starts it in a folder of its own, on free ports; `close` removes it. */
export async function startFaultStack(say: (what: string) => void): Promise<FaultStack> {
  const folder = mkdtempSync(join(tmpdir(), 'order-faults-'));
  mkdirSync(join(folder, 'logs'));
  const settings = { ...readSettings(), localFolder: folder };
  const file = newStackFile(false);
  file.ports = await choosePorts(settings.ports, undefined, false);
  const programs = await ensurePrograms(settings, ({ what }) => {
    say(what);
  });
  const died: string[] = [];
  const [server] = mysqlServers(false);
  const supervisor = new Supervisor({
    changed: () => undefined,
    died: ({ name, reason, lastLogLine }) => {
      if (name !== server?.name) died.push(name);
      say(`${name} died (${reason}) ${lastLogLine}`);
    },
  });
  const name = server?.name ?? '';
  const smallDisk = mountSmallDisk(join(dataFolderOf(settings), name));
  const apps = appProcesses(file, settings);
  const close = async () => {
    supervisor.close();
    await supervisor.stop([['api'], apps.map((app) => app.name), ['temporal'], [name]]);
    if (smallDisk !== undefined) execFileSync('umount', [smallDisk]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const mysql = await prepareMysqlServers(file, settings, programs, {
      performanceSchema: true,
    });
    await supervisor.start([...mysql, temporalServer(file, settings, programs)], limits);
    await prepareDatabases(file, dataFolderOf(settings));
    await supervisor.start(apps, limits);
  } catch (error) {
    await close();
    throw error;
  }
  const { ACTIVITY_SLOTS: slots } = readConfig(['ACTIVITY_SLOTS'], settings.environment);
  return {
    stack: describeStack(file),
    smallDisk,
    died,
    sessionsMax: connectionsMax(slots, 'separate'),
    signalMysql(signal) {
      const { pid } = supervisor.records.find((one) => one.name === name) ?? { pid: null };
      if (pid !== null) process.kill(pid, signal);
    },
    close,
  };
}

/** A file system in memory takes the right to mount: without it there is no disk to be filled. */
function mountSmallDisk(folder: string): string | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const args = ['-t', 'tmpfs', '-o', `size=${String(diskMb)}m,mode=0700`, 'tmpfs', folder];
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}
