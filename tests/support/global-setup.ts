import { mkdtemp } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { removeAbandoned, type Progress } from '../../tools/stack/cache';
import { initialiseMysql, mysqlAdmin, mysqlAnswers } from '../../tools/stack/mysql';
import { mysqlCommand, mysqlHost, type MysqlOptions } from '../../tools/stack/mysql';
import { ensureMysql } from '../../tools/stack/mysql-install';
import { startServer } from './server-process';
import { readSettings, type StackSettings } from '../../tools/stack/settings';
import { temporalAnswers, temporalCommand } from '../../tools/stack/temporal';
import { temporalHost, temporalNamespace } from '../../tools/stack/temporal';
import { ensureTemporal, ensureTestServer } from '../../tools/stack/temporal-install';
import { workflowBundle } from '../../workers/wiring/bundle';
import type { TestMysql, TestTemporal } from './servers';

/** What globalTeardown must end and remove. */
export interface StartedServers {
  pids: number[];
  folder: string;
}

const startMsMax = 60_000;

/** Starts the servers that all tests of a run share, and publishes them in the environment. */
export default async function globalSetup(): Promise<void> {
  const settings = readSettings();
  await removeAbandoned(tmpdir(), 'order-tests');
  const folder = await mkdtemp(join(tmpdir(), `.order-tests.${String(process.pid)}.`));
  const [mysql, temporal, testServer] = await Promise.all([
    startMysql(settings, folder),
    startTemporal(settings, folder),
    ensureTestServer(settings, report),
    // Once, not in each of the first test files, because it takes a core for seconds.
    workflowBundle(),
  ]);
  process.env['TEST_MYSQL'] = JSON.stringify(mysql.published);
  process.env['TEST_TEMPORAL'] = JSON.stringify(temporal.published);
  process.env['TEST_TIME_SKIPPING_SERVER'] = testServer;
  process.env['TEST_FREE_DATABASES'] = await mkdtemp(join(folder, 'free-'));
  const started: StartedServers = { pids: [mysql.pid, temporal.pid], folder };
  process.env['TEST_SERVERS_STARTED'] = JSON.stringify(started);
}

async function startMysql(
  settings: StackSettings,
  folder: string,
): Promise<{ pid: number; published: TestMysql }> {
  const options: MysqlOptions = {
    program: await ensureMysql(settings, report),
    folder: join(folder, 'mysql'),
    port: await getPort(),
    password: randomBytes(16).toString('hex'),
    durable: settings.environment['TEST_DURABLE'] === '1',
    bufferPoolMb: 128,
    performanceSchema: false,
    connectionsMax: 500,
    acceptQueueMax: 500,
    env: settings.basicEnvironment,
  };
  await initialiseMysql(options, settings.cacheFolder);
  const pid = await startServer({
    name: 'MySQL',
    command: mysqlCommand(options),
    logFile: join(folder, 'mysql.log'),
    answers: () => mysqlAnswers(options.port, options.password),
    msMax: startMsMax,
  });
  const { port, password } = options;
  return { pid, published: { host: mysqlHost, port, user: mysqlAdmin, password } };
}

/**
 * Temporal's services choose ports a moment before they listen, and a concurrent run may be faster.
 * Then the server ends at once, and is started again on other ports.
 */
async function startTemporal(
  settings: StackSettings,
  folder: string,
  attempts = 3,
): Promise<{ pid: number; published: TestTemporal }> {
  const program = await ensureTemporal(settings, report);
  const port = await getPort();
  const address = `${temporalHost}:${String(port)}`;
  try {
    const pid = await startServer({
      name: 'Temporal',
      command: temporalCommand({ program, port, env: settings.basicEnvironment }),
      logFile: join(folder, 'temporal.log'),
      answers: () => temporalAnswers(address),
      msMax: startMsMax,
    });
    return { pid, published: { address, namespace: temporalNamespace } };
  } catch (error) {
    if (attempts === 1) throw error;
    return startTemporal(settings, folder, attempts - 1);
  }
}

let lastReported = '';

/** One line per step, because a progress bar is noise in a test run's output. */
const report: Progress = ({ what }) => {
  if (what === lastReported) return;
  lastReported = what;
  process.stderr.write(`${what} …\n`);
};
