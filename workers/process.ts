import type { Logger } from 'pino';

const endSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * How a process of ours lives: it says when it is ready, and ends in order on SIGTERM, on Ctrl-C,
 * when its terminal is closed, and when the supervisor that started it is gone, so that nothing is
 * orphaned. A second signal changes nothing: the end is under way, and has its limits.
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
    end('the supervisor is gone');
  });
  try {
    await serve(() => {
      logger.info('ready');
      // The supervisor may be gone by now: that is told as a disconnect, and is no failure of ours.
      if (process.connected) process.send?.('ready', () => undefined);
    }, ending.signal);
    logger.info('ended');
    // What is still open is nobody's any more: the supervisor's channel, and calls to Temporal that
    // its client would repeat on a connection that has been closed, and fail the process.
    process.exit(0);
  } catch (error) {
    logger.fatal({ err: error }, 'failed');
    // Whatever is still open must not keep a process alive that does nothing: it is started anew.
    process.exit(1);
  }
}

/** Resolves when the process is told to end. */
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
