import { Command } from 'commander';
import { services } from '../contracts/order';
import { runScript } from './stack/entry';
import { readSettings } from './stack/settings';
import { readStackFile } from './stack/stack-file';
import { describeStack, readLiveState, stackPid } from './stack/state';
import type { LiveState, ProcessStatus, RunningStack } from './stack/state';

/** What `--json` prints, for programs; every leaf is null when no stack runs. */
interface Status {
  ready: boolean;
  urls: Record<'api' | 'console' | 'docs' | 'temporalUi' | 'metrics', string | null>;
  temporal: { address: string | null; namespace: string | null };
  processes: ProcessStatus[];
  databases: Record<string, DatabaseStatus | null>;
}

interface DatabaseStatus {
  host: string;
  port: number;
  database: string;
  adminUser: string;
  adminPassword: string;
}

/** Says how the stack of this clone is doing; exit code 1 when it is not ready. */
function main(): Promise<number> {
  const { json } = new Command('npm run status --')
    .description('Says how the stack of this clone is doing; exit code 1 when it is not ready.')
    .option('--json', 'as JSON, with the databases and their administrator')
    .parse()
    .opts<{ json?: boolean }>();
  const { localFolder } = readSettings();
  const file = readStackFile(localFolder);
  const live = stackPid(localFolder) === undefined ? undefined : readLiveState(localFolder);
  const status = statusOf(file && live ? describeStack(file) : undefined, live);
  process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : asTable(status, live));
  return Promise.resolve(status.ready ? 0 : 1);
}

function statusOf(stack: RunningStack | undefined, live: LiveState | undefined): Status {
  const databases = services.map((service) => {
    const access = stack?.databases[service];
    if (!access) return [service, null] as const;
    const { host, port, database, adminUser, adminPassword } = access;
    return [service, { host, port, database, adminUser, adminPassword }] as const;
  });
  return {
    ready: live?.ready ?? false,
    urls: {
      api: stack?.apiUrl ?? null,
      console: live?.pages.console ?? null,
      docs: live?.pages.docs ?? null,
      temporalUi: stack?.temporal.uiUrl ?? null,
      metrics: live?.pages.metrics ?? null,
    },
    temporal: {
      address: stack?.temporal.address ?? null,
      namespace: stack?.temporal.namespace ?? null,
    },
    processes: (live?.processes ?? []).map(({ name, pid, state }) => ({ name, pid, state })),
    databases: Object.fromEntries(databases),
  };
}

function asTable({ ready, urls, temporal, processes }: Status, live?: LiveState): string {
  if (!live) return 'No stack of this clone is running: start it with `npm start`.\n';
  const rows = [
    ['stack', ready ? 'ready' : `not ready (${live.phase})`],
    ...processes.map(({ name, pid, state }) => [
      name,
      `${state}${pid ? `, pid ${String(pid)}` : ''}`,
    ]),
    ...Object.entries(urls).map(([name, url]) => [name, url ?? '-']),
    ['temporal at', temporal.address ?? '-'],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(16)} ${value}\n`).join('');
}

runScript(main);
