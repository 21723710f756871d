import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { temporalServer } from './servers';
import type { World } from './world';

const root = join(__dirname, '..', '..');

type Name = 'lock-worker' | 'participant-worker' | 'api';

/** A real worker in its own process, as its service runs it; ready once this resolves. */
export async function spawnWorker(
  world: Pick<World, 'namespace'>,
  name: Name,
  settings: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  const child = beginWorker(world, name, settings);
  await once(child, 'message');
  return child;
}

/** The same, before it is ready. */
export function beginWorker(
  { namespace }: Pick<World, 'namespace'>,
  name: Name,
  settings: NodeJS.ProcessEnv,
): ChildProcess {
  return spawn(
    process.execPath,
    ['--require', join(root, 'tools/stack/typescript.cjs'), join(root, `workers/${name}.ts`)],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        TEMPORAL_ADDRESS: temporalServer().address,
        TEMPORAL_NAMESPACE: namespace,
        ...settings,
      },
    },
  );
}

/** Kills a worker's process, like a crash. */
export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
