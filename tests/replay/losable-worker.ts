import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { recoveryScheduleId } from '../../contracts/names';
import { cloneFolder, readSettings } from '../../tools/stack/settings';
import { temporalServer } from '../support/servers';
import type { World } from '../support/world';

/** The real workflow worker in a process of its own, which can be killed as a crash would. */
export async function startLosableWorker(world: World): Promise<{ kill: () => Promise<void> }> {
  const typescript = join(cloneFolder, 'tools', 'stack', 'typescript.cjs');
  const script = join(cloneFolder, 'workers', 'workflow-worker.ts');
  const child = spawn(process.execPath, ['--require', typescript, script], {
    cwd: cloneFolder,
    env: {
      ...readSettings().basicEnvironment,
      TEMPORAL_ADDRESS: temporalServer().address,
      TEMPORAL_NAMESPACE: world.namespace,
    },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('The workflow worker ended before it was ready');
    }),
  ]);
  // It has made the schedule, which would continue what other scenarios leave behind here.
  await world.client.schedule.getHandle(recoveryScheduleId).delete();
  return {
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
