import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { endProcess } from '../../tools/stack/bound-process';
import { initialiseMysql, mysqlAdmin, mysqlAnswers } from '../../tools/stack/mysql';
import { mysqlCommand, mysqlHost, type MysqlOptions } from '../../tools/stack/mysql';
import { ensureMysql } from '../../tools/stack/mysql-install';
import { startServer } from './server-process';
import { readSettings } from '../../tools/stack/settings';
import type { TestMysql } from './servers';

/** A test's own MySQL server, which it may freeze, fill, lock or inspect. */
export interface OwnMysql extends TestMysql {
  pid: number;
  stop(): Promise<void>;
}

/** Starts it; about two seconds. */
export async function startOwnMysql(
  inside: Partial<Pick<MysqlOptions, 'performanceSchema' | 'moreArgs' | 'acceptQueueMax'>> = {},
): Promise<OwnMysql> {
  const settings = readSettings();
  const folder = mkdtempSync(join(tmpdir(), 'order-mysql-test-'));
  const options: MysqlOptions = {
    program: await ensureMysql(settings, () => undefined),
    folder: join(folder, 'mysql'),
    port: await getPort(),
    password: 'for-tests-only',
    durable: false,
    bufferPoolMb: 64,
    performanceSchema: false,
    connectionsMax: 200,
    acceptQueueMax: 200,
    env: settings.basicEnvironment,
    ...inside,
  };
  await initialiseMysql(options, settings.cacheFolder);
  const pid = await startServer({
    name: 'MySQL',
    command: mysqlCommand(options),
    logFile: join(folder, 'mysql.log'),
    answers: () => mysqlAnswers(options.port, options.password),
    msMax: 60_000,
  });
  const { port, password } = options;
  return {
    host: mysqlHost,
    port,
    user: mysqlAdmin,
    password,
    pid,
    async stop() {
      await endProcess(pid, 0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
