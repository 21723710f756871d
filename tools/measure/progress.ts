import { progressBar } from '../load/progress';

/** Nobody needs a bar for less. */
export const barAfterMs = 2_000;
const tickMs = 250;

/**
 * Shows how much of a measurement's time has passed while it lasts. A bar of the time, not of the
 * orders: nobody knows beforehand how many there will be.
 */
export async function timed<T>(label: string, seconds: number, work: () => Promise<T>): Promise<T> {
  const bar = progressBar(label, 'seconds', seconds * 1_000 > barAfterMs ? 0 : barAfterMs);
  const startedAt = Date.now();
  const timer = setInterval(() => {
    bar.update(Math.min(seconds, Math.round((Date.now() - startedAt) / 1_000)), seconds);
  }, tickMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    bar.stop();
  }
}
