import { join } from 'node:path';
import { patterns, type Pattern } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import { appProcesses } from '../stack/processes';
import type { StackSettings } from '../stack/settings';
import type { StackFile } from '../stack/stack-file';
import type { ProcessSpec } from '../stack/supervised-process';

/** One way of placing orders that is measured: a pattern, in an installation of its settings. */
export interface Subject {
  name: string;
  what: string;
  /** Undefined: there is no workflow. */
  pattern: Pattern | undefined;
  /** Over the default settings; subjects with the same run on the same processes. */
  environment: NodeJS.ProcessEnv;
  /** A program of its own instead of the product's. */
  script?: string;
}

const rawSql: Subject = {
  name: 'raw-sql',
  what: 'the same local transactions one by one, in one process, no orchestration',
  pattern: undefined,
  environment: { PLACEMENT: 'local' },
  script: join(__dirname, 'raw-sql.ts'),
};

const sagaAlone: Subject = {
  name: 'saga-alone',
  what: 'the saga without sharing: one workflow per order',
  pattern: 'saga',
  environment: { BATCH_ORDERS_MAX: '1', BATCHES_IN_FLIGHT_MAX: '64' },
};

const sagaLocal: Subject = {
  name: 'saga-local',
  what: 'the saga, its steps as local activities in one process',
  pattern: 'saga',
  environment: { PLACEMENT: 'local' },
};

/** A pattern as the API offers it. */
function asOffered(pattern: Pattern): Subject {
  return { name: pattern, what: patternRows[pattern].what, pattern, environment: {} };
}

/** What is measured where one variation of the default pattern is enough. */
export const saga = asOffered('saga');

/** What `npm run compare` compares, where the API offers it. */
export const compared: Subject[] = [...patterns.map(asOffered), sagaAlone];

/** All, in the order of tables. */
export const subjects: Subject[] = [rawSql, ...compared, sagaLocal];

/** What `npm run bench` measures unless it is told otherwise. */
export const benched: Subject[] = [rawSql, sagaAlone, saga, sagaLocal];

/** Subjects that share processes, in the order in which they come. */
export function byInstallation(chosen: readonly Subject[]): Subject[][] {
  return groupBy(chosen, ({ environment, script }) => JSON.stringify([environment, script]));
}

/** In the order in which the first of each group comes. */
export function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

/** The processes of a subject, given where its databases and Temporal are. */
export function processesOf(
  { environment: own, script }: Subject,
  stack: StackFile,
  settings: StackSettings,
): ProcessSpec[] {
  const environment = { ...settings.environment, ...own };
  const processes = appProcesses(stack, { ...settings, environment });
  if (script === undefined) return processes;
  // The local process with another program in it: the same databases, no Temporal.
  return processes.map((spec) => ({
    ...spec,
    marker: script,
    command: () => {
      const command = spec.command();
      return { ...command, args: [...command.args.slice(0, -1), script] };
    },
  }));
}
