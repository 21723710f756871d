import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../workers/wiring/config';
import { acceptQueueMax, serverConnectionsMax } from '../../workers/wiring/pools';
import type { Progress } from './cache';
import { initialiseMysql, mysqlAnswers, mysqlCommand, type MysqlOptions } from './mysql';
import { ensureMysql, type MysqlProgram } from './mysql-install';
import type { StackSettings } from './settings';
import { mysqlServers, type StackFile } from './stack-file';
import { describeStack } from './state';
import type { ProcessSpec } from './supervised-process';
import { keepHistories, temporalAnswers, temporalCommand, type TemporalOptions } from './temporal';
import { ensureTemporal } from './temporal-install';

/** The programs of others that the stack runs. */
export interface Programs {
  mysql: MysqlProgram;
  temporal: string;
}

/** A full buffer pool has to be written out at the end. */
export const mysqlStopMsMax = 30_000;
export const temporalStopMsMax = 10_000;
const bufferPoolMb = { one: 512, each: 192 };

export const temporalProcess = 'temporal';

/** Finds or downloads MySQL and Temporal, both at once. */
export async function ensurePrograms(
  settings: StackSettings,
  progress: Progress,
): Promise<Programs> {
  const [mysql, temporal] = await Promise.all([
    ensureMysql(settings, progress),
    ensureTemporal(settings, progress),
  ]);
  return { mysql, temporal };
}

/** Where the stack keeps what a reset throws away. */
export function dataFolderOf({ localFolder }: StackSettings): string {
  return join(localFolder, 'data');
}

/**
 * Makes the data of the stack's MySQL servers where there are none, and answers the servers.
 *
 * @param inside for those who look into the servers while they work
 */
export async function prepareMysqlServers(
  stack: StackFile,
  settings: StackSettings,
  programs: Programs,
  inside: Partial<Pick<MysqlOptions, 'performanceSchema' | 'moreArgs'>> = {},
): Promise<ProcessSpec[]> {
  const servers = mysqlServers(stack.separateDatabases);
  const { ACTIVITY_SLOTS: slots } = readConfig(['ACTIVITY_SLOTS'], settings.environment);
  return Promise.all(
    servers.map(async ({ name, services: [service = 'order'] }): Promise<ProcessSpec> => {
      const options: MysqlOptions = {
        program: programs.mysql,
        folder: join(dataFolderOf(settings), name),
        port: stack.ports.mysql[service],
        password: stack.adminPassword,
        durable: true,
        bufferPoolMb: stack.separateDatabases ? bufferPoolMb.each : bufferPoolMb.one,
        performanceSchema: false,
        connectionsMax: serverConnectionsMax(slots),
        acceptQueueMax,
        env: settings.basicEnvironment,
        ...inside,
      };
      await initialiseMysql(options);
      return {
        name,
        command: () => mysqlCommand(options),
        logFile: join(settings.localFolder, 'logs', `${name}.log`),
        isReady: () => mysqlAnswers(options.port, options.password),
        stopMsMax: mysqlStopMsMax,
        marker: options.folder,
      };
    }),
  );
}

/** The stack's Temporal server, with its state in a file and its UI. */
export function temporalServer(
  stack: StackFile,
  settings: StackSettings,
  programs: Programs,
  limits: Pick<TemporalOptions, 'workflowTaskMsMax'> = {},
): ProcessSpec {
  const folder = join(dataFolderOf(settings), 'temporal');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { address } = describeStack(stack).temporal;
  const { temporal: port, temporalUi: uiPort, temporalMetrics: metricsPort } = stack.ports;
  const databaseFile = join(folder, 'temporal.db');
  const env = settings.basicEnvironment;
  const ports = { port, uiPort, metricsPort };
  const options = { program: programs.temporal, ...ports, databaseFile, env, ...limits };
  return {
    name: temporalProcess,
    command: () => temporalCommand(options),
    logFile: join(settings.localFolder, 'logs', 'temporal.log'),
    isReady: async () => {
      if (!(await temporalAnswers(address))) return false;
      await keepHistories(address);
      return true;
    },
    stopMsMax: temporalStopMsMax,
    marker: databaseFile,
  };
}
