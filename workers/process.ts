import type { Logger } from 'pino';

/**
 * How a process of ours lives: it says when it is ready, and ends in order on SIGTERM, on Ctrl-C,
 * and when the supervisor that started it is gone, so that nothing is orphaned.
 */
export async function runProcess(
  logger: Logger,
  serve: (ready: () => void, ending: AbortSignal) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const end = (why: string) => {
    logger.info({ why }, 'ending');
    ending.abort();
  };
  process.once('SIGTERM', () => {
    end('SIGTERM');
  });
  process.once('SIGINT', () => {
    end('SIGINT');
  });
  process.once('disconnect', () => {
    end('the supervisor is gone');
  });
  try {
    await serve(() => {
      logger.info('ready');
      process.send?.('ready');
    }, ending.signal);
    logger.info('ended');
    leave();
  } catch (error) {
    logger.fatal({ err: error }, 'failed');
    // Whatever is still open must not keep a process alive that does nothing: it is started anew.
    process.exit(1);
  }
}

/** An open channel to the supervisor would keep the process alive. */
function leave(): void {
  process.removeAllListeners('disconnect');
  if (process.connected) process.disconnect();
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
