/** The result of `within` when the time is over. */
export const timedOut = Symbol('time over');

/**
 * Waits for `work` for `waitMs` at most. The work itself continues, and a later failure is ignored.
 * Needed for statements that hang, as COMMIT does on a frozen server.
 */
export async function within<T>(waitMs: number, work: Promise<T>): Promise<T | typeof timedOut> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<typeof timedOut>((resolve) => {
    timer = setTimeout(resolve, waitMs, timedOut);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
