import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce, type Progress } from './cache';
import { runCommand } from './command';
import { findProgram } from './programs';
import { unpackDebianPackage } from './debian';
import type { StackSettings } from './settings';

/** A MySQL server's program and the arguments that it always needs. */
export interface MysqlProgram {
  program: string;
  /** Before all others: the unpacked one is run by its own dynamic loader. */
  leadingArgs: string[];
  /** Where it finds its files, when it was not installed where it was built for. */
  folderArgs: string[];
}

const elsewhere =
  'put a MySQL 8.0.29 or newer on the PATH, name its mysqld in MYSQLD, or use docker compose';
const mysqlPackage = { what: 'MySQL', name: 'mysql-server-core', elsewhere };
const installedAs = 'mysql-debian-sid-1';

/**
 * Answers a MySQL server of at least 8.0.29: the configured one, the one on the PATH, or one
 * unpacked from Debian unstable into the user's cache, without touching the system's libraries.
 *
 * @throws Error when MYSQLD names a server that does not do, or when apt or dpkg is missing.
 */
export async function ensureMysql(
  settings: StackSettings,
  progress: Progress,
): Promise<MysqlProgram> {
  if (settings.mysqld) {
    const version = await versionOf(settings.mysqld, settings);
    if (isRecentMysql(version)) return installed(settings.mysqld);
    throw new Error(
      `MYSQLD names ${settings.mysqld}, which is "${version}": this system needs MySQL 8.0.29 ` +
        'or newer, and not MariaDB.',
    );
  }
  const onPath = findProgram('mysqld', settings.searchPath);
  if (onPath && isRecentMysql(await versionOf(onPath, settings))) return installed(onPath);
  const folder = join(settings.cacheFolder, installedAs);
  await installOnce(folder, (temporary) =>
    unpackDebianPackage({ ...mysqlPackage, folder: temporary, settings, progress }),
  );
  return unpackedProgram(folder);
}

/** Whether the answer to `mysqld --version` is a MySQL that keeps its XA promises. */
export function isRecentMysql(version: string): boolean {
  if (/mariadb/i.test(version)) return false;
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return false;
  return major > 8 || (major === 8 && (minor > 0 || patch >= 29));
}

function installed(program: string): MysqlProgram {
  return { program, leadingArgs: [], folderArgs: [] };
}

async function versionOf(mysqld: string, settings: StackSettings): Promise<string> {
  const whenMissing = `${mysqld} is not a program that runs here.`;
  return (
    await runCommand(mysqld, ['--version'], { whenMissing, env: settings.basicEnvironment })
  ).trim();
}

async function unpackedProgram(folder: string): Promise<MysqlProgram> {
  const root = join(folder, 'root');
  const libraries = join(root, 'usr', 'lib');
  const triplet = (await readdir(libraries)).find((entry) => entry.includes('-linux-gnu')) ?? '';
  const own = join(libraries, triplet);
  const loader = (await readdir(own)).find((entry) => /^ld-linux-.*\.so\.\d+$/.test(entry));
  if (!loader) throw new Error(`The unpacked MySQL in ${folder} has no loader: delete the folder.`);
  return {
    program: join(own, loader),
    leadingArgs: ['--library-path', own, join(root, 'usr', 'sbin', 'mysqld')],
    folderArgs: [
      `--basedir=${join(root, 'usr')}`,
      `--lc-messages-dir=${join(root, 'usr', 'share', 'mysql')}`,
    ],
  };
}
