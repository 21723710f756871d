import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 25;

/**
 * Waits until a condition holds; a database that is away while it is asked does not count.
 *
 * @throws Error that names what has not happened within the time limit
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  msMax = 20_000,
): Promise<void> {
  const deadline = Date.now() + msMax;
  let last: unknown;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`Waited ${String(msMax)} ms without success: ${what}`, { cause: last });
    }
    await sleep(pollMs);
  }
}
