import { setTimeout as sleep } from 'node:timers/promises';
import type { Placement } from '../../contracts/limits';
import { askRestart, type RestartRequest } from '../stack/restart';
import { readLiveState } from '../stack/state';

/** What is done to the stack as a whole: an orderly stop and a start, by its supervisor. */

/** Every process ends in order and is started again; answers how many ended. */
export async function stopAndStart(localFolder: string): Promise<number> {
  return restart(localFolder, {});
}

/** The stack is stopped and started in the other placement, and after a while moved back. */
export async function moveThereAndBack(
  localFolder: string,
  forMs: number,
  signal: AbortSignal,
  told: (what: string) => void,
): Promise<void> {
  const from = placementOf(localFolder);
  const to = from === 'local' ? 'separate' : 'local';
  const ended = await restart(localFolder, { placement: to });
  if (placementOf(localFolder) !== to) throw new Error(`The stack is not in placement ${to}`);
  told(`${String(ended)} processes ended in order; placement ${to} instead of ${from}`);
  await sleep(forMs, undefined, { signal }).catch(() => undefined);
  await restart(localFolder, { placement: from });
  if (placementOf(localFolder) !== from) throw new Error(`The stack is not in placement ${from}`);
}

/** @throws Error when a process of before is still there: then it was not stopped */
async function restart(localFolder: string, request: RestartRequest): Promise<number> {
  const before = pidsOf(localFolder);
  await askRestart(localFolder, request);
  const after = new Set(pidsOf(localFolder));
  const left = before.filter((pid) => after.has(pid));
  if (left.length > 0) throw new Error(`These were not stopped: ${left.join(', ')}`);
  return before.length;
}

function pidsOf(localFolder: string): number[] {
  return (readLiveState(localFolder)?.processes ?? []).flatMap(({ pid }) => pid ?? []);
}

/** In placement `local` one process does it all. */
function placementOf(localFolder: string): Placement {
  const names = (readLiveState(localFolder)?.processes ?? []).map(({ name }) => name);
  return names.includes('workflow-worker') ? 'separate' : 'local';
}
