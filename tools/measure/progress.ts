import { withProgress } from '../load/progress';

const tickMs = 250;

/**
 * Shows how much of a measurement's time has passed while it lasts. A bar of the time, not of the
 * orders: nobody knows beforehand how many there will be.
 */
export function timed<T>(label: string, seconds: number, work: () => Promise<T>): Promise<T> {
  return withProgress(label, 'seconds', async (update) => {
    const startedAt = Date.now();
    const timer = setInterval(() => {
      update(Math.min(seconds, Math.round((Date.now() - startedAt) / 1_000)), seconds);
    }, tickMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  });
}
