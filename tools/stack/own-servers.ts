import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDatabases } from './databases';
import type { MysqlOptions } from './mysql';
import { choosePorts } from './ports';
import { dataFolderOf, ensurePrograms, prepareMysqlServers, temporalServer } from './servers';
import { readSettings, type StackSettings } from './settings';
import { newStackFile, type StackFile } from './stack-file';
import { describeStack, type RunningStack } from './state';
import type { Death } from './supervised-process';
import { Supervisor } from './supervisor';
import type { TemporalOptions } from './temporal';

/** A MySQL and a Temporal of one tool's own, with the services' databases, and no process of ours. */
export interface OwnServers {
  file: StackFile;
  settings: StackSettings;
  stack: RunningStack;
  supervisor: Supervisor;
  /** Kills everything that the supervisor runs, and removes the folder. */
  close(): Promise<void>;
}

export interface OwnServersOptions {
  /** In the folder's name. */
  name: string;
  say: (what: string) => void;
  separateDatabases?: boolean;
  /** Over this process's own. */
  environment?: NodeJS.ProcessEnv;
  mysql?: Partial<Pick<MysqlOptions, 'performanceSchema' | 'moreArgs'>>;
  temporal?: Pick<TemporalOptions, 'workflowTaskMsMax'>;
  died?: (death: Death) => void;
  /** Called before anything is written into the folder of the data. */
  prepare?: (dataFolder: string) => void;
}

export const ownLimits = { msMax: 60_000, deathsMax: 10 };

/** Starts them on free ports, durable as those of `npm start`, in a folder of their own. */
export async function startOwnServers(options: OwnServersOptions): Promise<OwnServers> {
  const { name, say, separateDatabases = false, died = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), `order-${name}-`));
  mkdirSync(join(folder, 'logs'));
  const base = readSettings();
  const environment = { ...base.environment, ...options.environment };
  const settings = { ...base, localFolder: folder, environment };
  const file = newStackFile(separateDatabases);
  file.ports = await choosePorts(settings.ports, undefined, separateDatabases);
  const supervisor = new Supervisor({ changed: () => undefined, died });
  const close = async () => {
    supervisor.kill();
    await supervisor.stop([supervisor.records.map((one) => one.name)]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    options.prepare?.(dataFolderOf(settings));
    const programs = await ensurePrograms(settings, ({ what }) => {
      say(what);
    });
    const mysql = await prepareMysqlServers(file, settings, programs, options.mysql);
    const temporal = temporalServer(file, settings, programs, options.temporal);
    await supervisor.start([...mysql, temporal], ownLimits);
    await prepareDatabases(file, dataFolderOf(settings));
  } catch (error) {
    await close();
    throw error;
  }
  return { file, settings, stack: describeStack(file), supervisor, close };
}
