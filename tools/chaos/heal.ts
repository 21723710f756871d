import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../stack/lock';
import { readLiveState } from '../stack/state';
import type { FinalReader } from './final';

const pollMs = 100;
/** A MySQL that was killed under load replays its log, and then everything else connects again. */
const healMsMax = 120_000;
/** An API that has just started, with all callers at its door, may take seconds to answer. */
const probeMsMax = 15_000;

/**
 * Resolves once every process is ready and the API reaches all that it depends on.
 *
 * @throws Error naming what is not ready in time, and where to look
 */
export async function untilHealed(localFolder: string, apiUrl: string): Promise<void> {
  const deadline = Date.now() + healMsMax;
  while (!(await isHealthy(localFolder, apiUrl))) {
    if (Date.now() > deadline) {
      const { processes = [] } = readLiveState(localFolder) ?? {};
      const states = processes.map(({ name, state }) => `${name} ${state}`).join(', ');
      throw new Error(
        `The stack has not healed in ${String(healMsMax / 1_000)} s after the last fault: ` +
          `${states}; /health/ready says the rest. The logs are in ${localFolder}/logs.`,
      );
    }
    await sleep(pollMs);
  }
}

async function isHealthy(localFolder: string, apiUrl: string): Promise<boolean> {
  const { ready = false, processes = [] } = readLiveState(localFolder) ?? {};
  // What is noted of a process outlives it for a moment.
  if (!ready || !processes.every((one) => startOf(one.pid ?? 0) === one.startedAt)) return false;
  try {
    const signal = AbortSignal.timeout(probeMsMax);
    const response = await fetch(`${apiUrl}/health/ready`, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Waits until all that was accepted has ended, or until the time is over. */
export async function untilEnded(reader: FinalReader, deadlineMs: number): Promise<void> {
  while ((await reader.unfinished()) > 0 && Date.now() < deadlineMs) await sleep(pollMs);
}
