import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Placement } from '../../contracts/limits';
import { readJson, writeJson } from './stack-file';
import { NoStackError, readLiveState, stackPid } from './state';

/**
 * What a running stack's supervisor is asked to do with everything that it runs. The supervisor
 * stays. A signal tells it to look into a file, which says what is wanted.
 */
export interface RestartRequest {
  /** Throws all data away in between, and returns to the seeded world. */
  reset?: true;
  /** Where the steps run from then on; as before when it is not said. */
  placement?: Placement;
}

/** Every process may take as long as it may to end, one group after the other, and to begin. */
const restartMsMax = 180_000;
const pollMs = 50;

/** Asks the running stack's supervisor, and resolves once everything runs again. */
export async function askRestart(localFolder: string, request: RestartRequest): Promise<void> {
  const what = request.reset ? 'reset' : 'restart';
  const pid = stackPid(localFolder);
  const before = readLiveState(localFolder);
  if (pid === undefined || before?.phase !== 'running') {
    const phase = before?.phase ?? 'starting';
    throw new NoStackError(`The stack of this clone is ${phase}: ${what} it once it runs.`);
  }
  writeJson(requestFile(localFolder), request);
  process.kill(pid, 'SIGUSR2');
  const deadline = Date.now() + restartMsMax;
  while (Date.now() < deadline) {
    await sleep(pollMs);
    const now = readLiveState(localFolder);
    if (stackPid(localFolder) === undefined) throw new Error(`The stack ended in its ${what}.`);
    if (!now || now.restarts.done === before.restarts.done) continue;
    if (now.restarts.error) throw new Error(`The ${what} failed: ${now.restarts.error}`);
    if (now.phase === 'running') return;
  }
  throw new Error(
    `The ${what} is not done after ${restartMsMax / 1_000} s; \`npm run status\` says how it stands.`,
  );
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
