import { Command } from 'commander';
import type { OverdueRecovery } from '../../contracts/recovery';
import { services } from '../../contracts/participants';
import { runScript } from '../stack/entry';
import { readSettings } from '../stack/settings';
import { readStackFile } from '../stack/stack-file';
import { describeStack, readLiveState, stackPid } from '../stack/state';
import type { LiveState, ProcessStatus, RunningStack } from '../stack/state';

/** What `--json` prints, for programs; every leaf is null when no stack runs. */
interface Status {
  ready: boolean;
  urls: Record<'api' | 'console' | 'docs' | 'temporalUi' | 'metrics', string | null>;
  temporal: { address: string | null; namespace: string | null };
  processes: ProcessStatus[];
  databases: Record<string, DatabaseStatus | null>;
  /** Kinds of recovery that have stopped; null when the API does not say. */
  overdueRecovery: OverdueRecovery[] | null;
}

interface DatabaseStatus {
  host: string;
  port: number;
  database: string;
  adminUser: string;
  adminPassword: string;
}

/** The API remembers its answer for a second, and itself asks for two. */
const askMsMax = 3_000;

/** Says how the stack of this clone is doing; exit code 1 when it is not ready. */
async function main(): Promise<number> {
  const { json } = new Command('npm run status --')
    .description('Says how the stack of this clone is doing; exit code 1 when it is not ready.')
    .option('--json', 'as JSON, with the databases and their administrator')
    .parse()
    .opts<{ json?: boolean }>();
  const { localFolder } = readSettings();
  const file = readStackFile(localFolder);
  const live = stackPid(localFolder) === undefined ? undefined : readLiveState(localFolder);
  const stack = file && live ? describeStack(file) : undefined;
  const status = { ...statusOf(stack, live), overdueRecovery: await overdueRecoveryOf(stack) };
  process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : asTable(status, live));
  return status.ready ? 0 : 1;
}

/** What the API says of recovery; null when it does not answer. */
async function overdueRecoveryOf(
  stack: RunningStack | undefined,
): Promise<OverdueRecovery[] | null> {
  if (!stack) return null;
  try {
    const signal = AbortSignal.timeout(askMsMax);
    const response = await fetch(`${stack.apiUrl}/health/ready`, { signal });
    if (!response.ok) return null;
    const { overdueRecovery } = (await response.json()) as { overdueRecovery?: OverdueRecovery[] };
    return overdueRecovery ?? [];
  } catch {
    return null;
  }
}

function recoveryText(overdue: OverdueRecovery[] | null): string {
  if (!overdue) return '-';
  if (overdue.length === 0) return 'as it should be';
  const texts = overdue.map(({ kind, forMs }) => {
    const minutes = String(Math.round(forMs / 60_000));
    return kind === 'look' ? `no look for ${minutes} min` : `${kind} overdue for ${minutes} min`;
  });
  return `${texts.join(', ')}: see docs/runbooks/stuck-order.md`;
}

function statusOf(
  stack: RunningStack | undefined,
  live: LiveState | undefined,
): Omit<Status, 'overdueRecovery'> {
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
      temporalUi: stack?.temporal.uiUrl ?? null,
      // Programs were promised these; the API serves no such page.
      console: null,
      docs: null,
      metrics: null,
    },
    temporal: {
      address: stack?.temporal.address ?? null,
      namespace: stack?.temporal.namespace ?? null,
    },
    processes: (live?.processes ?? []).map(({ name, pid, state }) => ({ name, pid, state })),
    databases: Object.fromEntries(databases),
  };
}

function asTable(status: Status, live?: LiveState): string {
  const { ready, urls, temporal, processes, overdueRecovery } = status;
  if (!live) return 'No stack of this clone is running: start it with `npm start`.\n';
  const rows = [
    ['stack', ready ? 'ready' : `not ready (${live.phase})`],
    ...processes.map(({ name, pid, state }) => [
      name,
      `${state}${pid ? `, pid ${String(pid)}` : ''}`,
    ]),
    ['recovery', recoveryText(overdueRecovery)],
    ...Object.entries(urls).map(([name, url]) => [name, url ?? '-']),
    ['temporal at', temporal.address ?? '-'],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(16)} ${value}\n`).join('');
}

runScript(main);
