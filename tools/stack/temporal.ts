import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { openTemporal } from '../../api/placing/temporal-connection';
import type { ServerCommand } from './bound-process';

/** One private Temporal dev server, on this machine's loopback address only. */
export interface TemporalOptions {
  /** The path of the `temporal` command. */
  program: string;
  port: number;
  /** Undefined runs it without its UI. */
  uiPort?: number;
  metricsPort?: number;
  /** The file that keeps its state; undefined keeps it in memory, and loses it at the end. */
  databaseFile?: string;
  /** Type of each search attribute, such as `Keyword`, by name. */
  searchAttributes?: Record<string, string>;
  /** How long a workflow waits for a worker that died with its task; undefined: Temporal's 10 s. */
  workflowTaskMsMax?: number | undefined;
  env: NodeJS.ProcessEnv;
}

export const temporalHost = '127.0.0.1';
export const temporalNamespace = 'default';

const probeMsMax = 2_000;
const retention = '72 hours';

/**
 * With the default of 20 polls a second each workflow task waits for a 50 ms tick: an order took
 * 250 ms instead of 52 to 95.
 */
const pollsPerSecond = [
  'history.transferProcessorMaxPollRPS=5000',
  'history.timerProcessorMaxPollRPS=5000',
  'history.visibilityProcessorMaxPollRPS=5000',
];

/** Answered workflow starts survive a power loss, at 38 flushes an order instead of 135. */
const durablePragmas = ['journal_mode=WAL', 'synchronous=FULL'];

/** The command that runs the server in the foreground, logging to its output. */
export function temporalCommand(options: TemporalOptions): ServerCommand {
  const args = ['server', 'start-dev', '--ip', temporalHost, '--port', String(options.port)];
  args.push('--namespace', temporalNamespace, '--log-level', 'warn');
  if (options.uiPort === undefined) args.push('--headless');
  else args.push('--ui-port', String(options.uiPort), '--ui-disable-news-fetch');
  if (options.metricsPort !== undefined) args.push('--metrics-port', String(options.metricsPort));
  for (const value of pollsPerSecond) args.push('--dynamic-config-value', value);
  if (options.workflowTaskMsMax !== undefined) {
    const timeout = JSON.stringify(`${String(options.workflowTaskMsMax)}ms`);
    args.push('--dynamic-config-value', `history.defaultWorkflowTaskTimeout=${timeout}`);
  }
  if (options.databaseFile) {
    args.push('--db-filename', options.databaseFile);
    for (const pragma of durablePragmas) args.push('--sqlite-pragma', pragma);
  }
  for (const [name, type] of Object.entries(options.searchAttributes ?? {})) {
    args.push('--search-attribute', `${name}=${type}`);
  }
  return { program: options.program, args, env: options.env };
}

/** Whether the server answers and its namespace is there. */
export async function temporalAnswers(address: string): Promise<boolean> {
  try {
    await onConnection(address, (connection) =>
      connection.workflowService.describeNamespace({ namespace: temporalNamespace }),
    );
    return true;
  } catch {
    return false;
  }
}

/**
 * Keeps the histories of ended workflows longer than the dev server's 24 hours, so that an order
 * of last week can still be looked at.
 */
export async function keepHistories(address: string): Promise<void> {
  await onConnection(address, (connection) =>
    connection.workflowService.updateNamespace({
      namespace: temporalNamespace,
      config: { workflowExecutionRetentionTtl: msToTs(retention) },
    }),
  );
}

async function onConnection(
  address: string,
  use: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = openTemporal(address);
  try {
    await connection.withDeadline(Date.now() + probeMsMax, () => use(connection));
  } finally {
    await connection.close();
  }
}
