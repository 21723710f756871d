import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDatabases } from '../../stack/databases';
import { choosePorts } from '../../stack/ports';
import { dataFolderOf, ensurePrograms, prepareMysqlServers } from '../../stack/servers';
import { temporalServer } from '../../stack/servers';
import { readSettings } from '../../stack/settings';
import { newStackFile } from '../../stack/stack-file';
import { describeStack, type ProcessStatus, type RunningStack } from '../../stack/state';
import { Supervisor } from '../../stack/supervisor';
import { variantProcesses, type Variant } from './variants';

/** A MySQL and a Temporal of the benchmark's own, and the processes of one variant at a time. */
export interface BenchServers {
  stack: RunningStack;
  processes(): ProcessStatus[];
  startVariant(variant: Variant): Promise<void>;
  stopVariant(variant: Variant): Promise<void>;
  close(): Promise<void>;
}

const limits = { msMax: 60_000, deathsMax: 3 };
/**
 * Starts the servers on free ports, durable as those of `npm start`, in a folder of their own.
 *
 * @param inside for who looks into MySQL while it works
 */
export async function startServers(
  say: (what: string) => void,
  inside?: Parameters<typeof prepareMysqlServers>[3],
): Promise<BenchServers> {
  const folder = mkdtempSync(join(tmpdir(), 'order-bench-'));
  mkdirSync(join(folder, 'logs'));
  const settings = { ...readSettings(), localFolder: folder };
  const file = newStackFile(false);
  file.ports = await choosePorts(settings.ports, undefined, false);
  const programs = await ensurePrograms(settings, ({ what }) => {
    say(what);
  });
  const supervisor = new Supervisor({
    changed: () => undefined,
    died: ({ name, reason }) => {
      say(`${name} died (${reason})`);
    },
  });
  const stack = describeStack(file);
  const close = async () => {
    supervisor.close();
    await supervisor.stop([supervisor.records.map(({ name }) => name)]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const mysql = await prepareMysqlServers(file, settings, programs, inside);
    await supervisor.start([...mysql, temporalServer(file, settings, programs)], limits);
    await prepareDatabases(file, dataFolderOf(settings));
  } catch (error) {
    await close();
    throw error;
  }
  const namesOf = (variant: Variant) =>
    variantProcesses(variant, file, settings).map(({ name }) => name);
  return {
    stack,
    processes: () => supervisor.records,
    startVariant: (variant) => supervisor.start(variantProcesses(variant, file, settings), limits),
    stopVariant: (variant) => supervisor.stop([['api'], namesOf(variant)]),
    close,
  };
}
