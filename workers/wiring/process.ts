import type { Logger } from 'pino';

const endSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs a process: reports when it is ready, and stops in order on SIGTERM, on Ctrl-C, when its
 * terminal closes, and when its supervisor has died (so no process is orphaned). A second signal
 * has no effect, because the stop has its own time limits.
 */
export async function runProcess(
  logger: Logger,
  serve: (ready: () => void, ending: AbortSignal) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const end = (why: string) => {
    logger.info({ why }, ending.signal.aborted ? 'ending already' : 'ending');
    ending.abort();
  };
  for (const signal of endSignals) process.on(signal, end);
  process.once('disconnect', () => {
    end('the supervisor has died');
  });
  try {
    await serve(() => {
      logger.info('ready');
      // If the supervisor has died, the disconnect event handles it.
      if (process.connected) process.send?.('ready', () => undefined);
    }, ending.signal);
    logger.info('ended');
    // Only the supervisor's channel and calls to Temporal may still be open. The client would
    // repeat such a call on a closed connection and make the process fail.
    process.exit(0);
  } catch (error) {
    logger.fatal({ err: error }, 'failed');
    // Exits even if something is still open: a process that does nothing must be restarted.
    process.exit(1);
  }
}

/** Resolves when the process is told to stop. */
export function untilAborted(ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ending.aborted) resolve();
    ending.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
