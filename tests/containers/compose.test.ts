import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce } from '../../tools/stack/cache';
import { runCommand } from '../../tools/stack/command';
import { findProgram } from '../../tools/stack/programs';
import { unpackDebianPackage } from '../../tools/stack/debian';
import { readSettings } from '../../tools/stack/settings';
import { composeFile } from '../../tools/stack/compose';
import { services as ourServices } from '../../contracts/participants';
import { readConfig } from '../../workers/wiring/config';
import { acceptQueueMax, serverConnectionsMax } from '../../workers/wiring/pools';
import { lameDuckMsDefault, stopMsMaxOf } from '../../workers/wiring/stopping';

/** Compose itself checks the file's form; these tests cannot run containers. */

interface ComposeFile {
  services: Record<
    string,
    {
      image?: string;
      command?: string[];
      stop_grace_period?: string;
      healthcheck?: { test?: string[]; disable?: boolean };
    }
  >;
}

const root = join(__dirname, '..', '..');
const settings = readSettings();

async function composeProgram(): Promise<string> {
  const onPath = findProgram('docker-compose', settings.searchPath);
  if (onPath) return onPath;
  const folder = join(settings.cacheFolder, 'docker-compose-debian-sid-1');
  await installOnce(folder, (temporary) =>
    unpackDebianPackage({
      what: 'docker-compose',
      name: 'docker-compose',
      elsewhere: 'put a docker-compose on the PATH',
      folder: temporary,
      settings,
      progress: () => undefined,
    }),
  );
  const programs = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const program = programs.find((path) => path.endsWith('cli-plugins/docker-compose'));
  if (!program) throw new Error('The unpacked package has no docker-compose');
  return join(folder, program);
}

async function config(): Promise<ComposeFile> {
  const args = ['--project-directory', root, '-f', join(root, 'docker-compose.yml')];
  const output = await runCommand(await composeProgram(), [...args, 'config', '--format', 'json'], {
    whenMissing: 'docker-compose is gone',
    env: settings.basicEnvironment,
  });
  return JSON.parse(output) as ComposeFile;
}

it('the file is what `npm run compose` writes', () => {
  expect(readFileSync(join(root, 'docker-compose.yml'), 'utf8')).toBe(composeFile());
});

it('docker-compose accepts the file, and every long-running service has a health check', async () => {
  const { services } = await config();
  const each = (kind: (service: string) => string) => ourServices.map(kind);
  const rest = [
    'api',
    'migrate',
    'temporal',
    'temporal-database',
    'temporal-ui',
    'workflow-worker',
  ];
  expect(Object.keys(services).sort()).toEqual(
    [...rest, ...each((name) => `mysql-${name}`), ...each((name) => `${name}-worker`)].sort(),
  );
  // `migrate` ends, and its exit code tells whether it succeeded.
  const unhealthy = Object.entries(services).filter(([name, { healthcheck }]) => {
    return name !== 'migrate' && (!healthcheck?.test || healthcheck.disable === true);
  });
  expect(unhealthy.map(([name]) => name)).toEqual([]);
}, 120_000);

it('compose waits as long as each process needs for an orderly end', async () => {
  const { services } = await config();
  const ours = Object.entries(services).filter(([, { image }]) => image === 'order-system');
  expect(ours.map(([name]) => name)).toContain('api');
  for (const [name, { stop_grace_period: grace = '0s' }] of ours) {
    expect(grace).toMatch(/^\d+s$/);
    const needed = name === 'api' ? stopMsMaxOf.api(lameDuckMsDefault) : stopMsMaxOf.worker;
    expect(parseInt(grace, 10) * 1_000).toBeGreaterThanOrEqual(needed);
  }
}, 120_000);

it('compose allows each MySQL the connections of all pools and of clients that have gone', async () => {
  const { services } = await config();
  const slots = readConfig(['ACTIVITY_SLOTS'], {}).ACTIVITY_SLOTS;
  const servers = Object.entries(services).filter(([, { image }]) => image?.startsWith('mysql:'));
  expect(servers.map(([name]) => name)).toContain('mysql-order');
  for (const [, { command }] of servers) {
    expect(command).toContain(`--max-connections=${String(serverConnectionsMax(slots))}`);
    expect(command).toContain(`--back-log=${String(acceptQueueMax)}`);
  }
}, 120_000);
