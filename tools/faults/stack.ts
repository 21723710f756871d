import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../workers/wiring/config';
import { connectionsMax } from '../../workers/wiring/pools';
import { ownLimits, startOwnServers } from '../stack/own-servers';
import { appProcesses } from '../stack/processes';
import type { RunningStack } from '../stack/state';

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

const mysql = 'mysql';
const diskMb = 700;

/** Starts it in a folder of its own, on free ports; `close` removes it. */
export async function startFaultStack(say: (what: string) => void): Promise<FaultStack> {
  const died: string[] = [];
  let smallDisk: string | undefined;
  const unmount = () => {
    // The server may still be using it: it is gone once the server is.
    if (smallDisk !== undefined) execFileSync('umount', ['--lazy', smallDisk]);
    smallDisk = undefined;
  };
  const own = await startOwnServers({
    name: 'faults',
    say,
    mysql: { performanceSchema: true },
    died: ({ name, reason, lastLogLine }) => {
      if (name !== mysql) died.push(name);
      say(`${name} died (${reason}) ${lastLogLine}`);
    },
    prepare: (dataFolder) => {
      smallDisk = mountSmallDisk(join(dataFolder, mysql));
    },
  }).catch((error: unknown) => {
    unmount();
    throw error;
  });
  const { stack, settings, supervisor } = own;
  const close = () => {
    unmount();
    return own.close();
  };
  try {
    await supervisor.start(appProcesses(own.file, settings), ownLimits);
  } catch (error) {
    await close();
    throw error;
  }
  const { ACTIVITY_SLOTS: slots } = readConfig(['ACTIVITY_SLOTS'], settings.environment);
  return {
    stack,
    smallDisk,
    died,
    sessionsMax: connectionsMax(slots, 'separate'),
    signalMysql(signal) {
      const { pid } = supervisor.records.find(({ name }) => name === mysql) ?? { pid: null };
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
