import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOnce } from '../../tools/stack/cache';
import { ensureMysql, isRecentMysql } from '../../tools/stack/mysql-install';
import { readSettings } from '../../tools/stack/settings';
import { ensureTemporal } from '../../tools/stack/temporal-install';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'order-install-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(path: string, output: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${output}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const silent = () => undefined;
const mariadb = 'mysqld  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu on x86_64';
const mysql = '/usr/sbin/mysqld  Ver 8.4.6 for Linux on x86_64 (MySQL Community Server - GPL)';

describe('a MySQL', () => {
  it.each([
    [mysql, true],
    ['mysqld  Ver 8.0.29 for Linux on x86_64', true],
    ['mysqld  Ver 9.7.0 for Linux on x86_64', true],
    ['mysqld  Ver 8.0.28 for Linux on x86_64', false],
    ['mysqld  Ver 5.7.44 for Linux on x86_64', false],
    [mariadb, false],
    ['something else', false],
  ])('%s is used: %s', (version, used) => {
    expect(isRecentMysql(version)).toBe(used);
  });

  it('on the PATH is used', async () => {
    const mysqld = program(join(folder, 'bin', 'mysqld'), mysql);
    const settings = readSettings({ PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, HOME: folder });
    expect(await ensureMysql(settings, silent)).toMatchObject({ program: mysqld });
  });

  it('that is named but unusable is refused', async () => {
    const mysqld = program(join(folder, 'mysqld'), mariadb);
    const settings = readSettings({ PATH: '/usr/bin:/bin', HOME: folder, MYSQLD: mysqld });
    await expect(ensureMysql(settings, silent)).rejects.toThrow('needs MySQL 8.0.29 or newer');
  });

  it('that is MariaDB on the PATH is ignored, and the missing packages are named', async () => {
    program(join(folder, 'bin', 'mysqld'), mariadb);
    const settings = readSettings({ PATH: join(folder, 'bin'), HOME: folder });
    const withSh = { ...settings, searchPath: [join(folder, 'bin')] };
    await expect(ensureMysql(withSh, silent)).rejects.toThrow(
      'MySQL was not found, and apt-get, which would unpack it, is missing: put a MySQL',
    );
  });
});

describe('a Temporal', () => {
  it('that is named is used, or refused if it does not exist', async () => {
    const temporalCli = program(join(folder, 'temporal'), 'temporal version 1.9.1');
    const at = (TEMPORAL_CLI: string) => readSettings({ HOME: folder, TEMPORAL_CLI });
    expect(await ensureTemporal(at(temporalCli), silent)).toBe(temporalCli);
    await expect(ensureTemporal(at('/absent'), silent)).rejects.toThrow('TEMPORAL_CLI names');
  });

  it('that cannot be downloaded without python3 is reported', async () => {
    const settings = { ...readSettings({ HOME: folder, PATH: folder }), searchPath: [] };
    await expect(ensureTemporal(settings, silent)).rejects.toThrow('python3 with pip');
  });
});

describe('a download', () => {
  it('by two processes at once is made by both and kept once', async () => {
    const target = join(folder, 'made');
    const build = async (temporary: string) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      writeFileSync(join(temporary, 'file'), 'whole');
    };
    await Promise.all([installOnce(target, build), installOnce(target, build)]);
    expect(readdirSync(folder)).toEqual(['made']);
    expect(readdirSync(target)).toEqual(['file']);
  });

  it('that fails leaves nothing', async () => {
    const failing = () => Promise.reject(new Error('the network is down'));
    await expect(installOnce(join(folder, 'made'), failing)).rejects.toThrow('network');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that was killed is removed by the next', async () => {
    mkdirSync(join(folder, '.made.4194305.abc'));
    await installOnce(join(folder, 'made'), () => Promise.resolve());
    expect(existsSync(join(folder, '.made.4194305.abc'))).toBe(false);
  });
});

describe('a port in the environment', () => {
  it.each(['0', '65536', 'http', '80.5'])('%s is refused with its name', (API_PORT) => {
    expect(() => readSettings({ API_PORT })).toThrow('API_PORT must be a port');
  });
});

test.each([
  ['/elsewhere', '/elsewhere/order-system'],
  ['', '/home/o/.cache/order-system'],
  ['here', '/home/o/.cache/order-system'],
  [undefined, '/home/o/.cache/order-system'],
])('caches below XDG_CACHE_HOME %j: %s', (XDG_CACHE_HOME, folder) => {
  expect(readSettings({ HOME: '/home/o', XDG_CACHE_HOME }).cacheFolder).toBe(folder);
});
