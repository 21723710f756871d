import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { ServerCommand } from './bound-process';
import { installOnce } from './cache';
import { runCommand } from './command';
import type { MysqlProgram } from './mysql-install';

/** One private MySQL server, on this machine's loopback address only. */
export interface MysqlOptions {
  program: MysqlProgram;
  /** The server's own folder: its data and what belongs to them; absolute. */
  folder: string;
  port: number;
  /** Of the user `root`; set at every start, so that it may have changed since the last one. */
  password: string;
  /** False answers a commit before it is on the disk: for tests only. */
  durable: boolean;
  bufferPoolMb: number;
  /** Needed to look into `performance_schema.data_locks`; costs 250 MB. */
  performanceSchema: boolean;
  /** Flags over all others, for those who look into the server. */
  moreArgs?: readonly string[];
  connectionsMax: number;
  /** Connections that may wait to be accepted. */
  acceptQueueMax: number;
  env: NodeJS.ProcessEnv;
}

export const mysqlHost = '127.0.0.1';
export const mysqlAdmin = 'root';

const probeMsMax = 1_000;

/**
 * Makes the data folder when there is none yet. It is made under another name and renamed, so that
 * a data folder that exists is complete. The caller holds the folder's lock.
 *
 * @param cacheFolder keeps what was made, to be copied the next time: 0.3 s instead of 3. For
 *   tests, since copies share their certificates, and are not flushed to the disk.
 * @throws Error with the server's last lines when it refuses.
 */
export async function initialiseMysql(options: MysqlOptions, cacheFolder?: string): Promise<void> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (existsSync(dataFolder(folder))) return;
  const draft = join(folder, 'data.initialising');
  rmSync(draft, { recursive: true, force: true });
  if (cacheFolder === undefined) {
    await makeData(options, draft);
  } else {
    const template = join(cacheFolder, templateName(options.program));
    await installOnce(template, (made) => makeData(options, join(made, 'data')));
    await cp(join(template, 'data'), draft, { recursive: true });
  }
  renameSync(draft, dataFolder(folder));
}

async function makeData({ program, env }: MysqlOptions, folder: string): Promise<void> {
  const args = ['--no-defaults', '--initialize-insecure', ...program.folderArgs, ...userArgs()];
  await runCommand(program.program, [...program.leadingArgs, ...args, `--datadir=${folder}`], {
    whenMissing: `${program.program} is gone: delete the cache folder and start again.`,
    env,
  });
}

/** Another server, or another version of it, may not be able to read what this one makes. */
function templateName({ program, leadingArgs }: MysqlProgram): string {
  const server = leadingArgs.at(-1) ?? program;
  const { size, mtimeMs } = statSync(server);
  const identity = createHash('sha256').update(`${server} ${String(size)} ${String(mtimeMs)}`);
  return `mysql-data-${identity.digest('hex').slice(0, 12)}`;
}

/**
 * The command that runs the server in the foreground, logging to stderr. Writes the statements
 * that set the password, and removes the stale lock of the socket: it names a process id, and when
 * another process has got that since, the server would refuse to start. The caller holds the
 * folder's lock and knows that no server runs on it.
 */
export function mysqlCommand(options: MysqlOptions): ServerCommand {
  const { program, folder } = options;
  const initFile = join(folder, 'init.sql');
  writeFileSync(initFile, passwordStatements(options.password), { mode: 0o600 });
  rmSync(join(dataFolder(folder), 'mysqld.sock.lock'), { force: true });
  const args = [
    '--no-defaults',
    ...program.folderArgs,
    ...userArgs(),
    `--datadir=${dataFolder(folder)}`,
    `--init-file=${initFile}`,
    `--bind-address=${mysqlHost}`,
    `--port=${String(options.port)}`,
    // Relative to the data: a path over 107 characters aborts the server.
    '--socket=mysqld.sock',
    '--pid-file=mysqld.pid',
    '--mysqlx=OFF',
    '--secure-file-priv=NULL',
    '--skip-name-resolve',
    '--skip-log-bin',
    `--max-connections=${String(options.connectionsMax)}`,
    `--back-log=${String(options.acceptQueueMax)}`,
    `--innodb-buffer-pool-size=${String(options.bufferPoolMb)}M`,
    `--innodb-flush-log-at-trx-commit=${options.durable ? '1' : '2'}`,
    `--performance-schema=${options.performanceSchema ? 'ON' : 'OFF'}`,
    ...(options.moreArgs ?? []),
  ];
  return {
    program: program.program,
    args: [...program.leadingArgs, ...args],
    cwd: folder,
    env: options.env,
  };
}

/** Whether the server takes a query from its administrator. */
export async function mysqlAnswers(port: number, password: string): Promise<boolean> {
  try {
    const connection = await createConnection({
      host: mysqlHost,
      port,
      user: mysqlAdmin,
      password,
      connectTimeout: probeMsMax,
    });
    try {
      // A frozen server takes the query, and answers nothing.
      await connection.query({ sql: 'SELECT 1', timeout: probeMsMax });
      return true;
    } finally {
      connection.destroy();
    }
  } catch {
    return false;
  }
}

function dataFolder(folder: string): string {
  return join(folder, 'data');
}

/** The server refuses to run as root unless it is told so, and only once it is started. */
function userArgs(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** Run by the server before it lets anybody in. Each statement must be on a line of its own. */
function passwordStatements(password: string): string {
  if (!/^[\w-]+$/.test(password)) throw new Error('The password must be of letters and digits.');
  const user = `'${mysqlAdmin}'@'${mysqlHost}'`;
  return [
    `CREATE USER IF NOT EXISTS ${user};`,
    `ALTER USER ${user} IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO ${user} WITH GRANT OPTION;`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`,
    '',
  ].join('\n');
}
