import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Placement } from '../../contracts/limits';
import { readJson, writeJson } from './stack-file';
import { NoStackError, readLiveState, stackPid } from './state';

/**
 * An orderly stop and a start of everything, by the supervisor, which stays: the signal that it
 * gets is that of a reset, and a file beside it says that this is none.
 */

export interface RestartRequest {
  /** Where the steps run from then on; as before when it is not said. */
  placement?: Placement;
}

/** Every process may take as long as it may to end, one group after the other, and to begin. */
const restartMsMax = 180_000;
const pollMs = 50;

/** Asks the running stack's supervisor, and resolves once everything runs again. */
export async function askRestart(
  localFolder: string,
  placement: Placement | undefined,
): Promise<void> {
  const pid = stackPid(localFolder);
  const before = readLiveState(localFolder);
  if (pid === undefined || before?.phase !== 'running') {
    throw new NoStackError(`The stack is ${before?.phase ?? 'not there'}: it cannot be restarted.`);
  }
  writeJson(requestFile(localFolder), placement === undefined ? {} : { placement });
  process.kill(pid, 'SIGUSR2');
  const deadline = Date.now() + restartMsMax;
  while (Date.now() < deadline) {
    await sleep(pollMs);
    const now = readLiveState(localFolder);
    if (stackPid(localFolder) === undefined) throw new Error('The stack ended in its restart.');
    if (!now || now.restarts.done === before.restarts.done) continue;
    if (now.restarts.error) throw new Error(`The restart failed: ${now.restarts.error}`);
    if (now.phase === 'running') return;
  }
  throw new Error(`The stack was not restarted in ${String(restartMsMax / 1_000)} s.`);
}

/** What was asked for; the one supervisor that reads it does it. */
export function takeRestartRequest(localFolder: string): RestartRequest | undefined {
  const request = readJson(requestFile(localFolder)) as RestartRequest | undefined;
  rmSync(requestFile(localFolder), { force: true });
  return request;
}

function requestFile(localFolder: string): string {
  return join(localFolder, 'restart.json');
}
