import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import pino, { type Logger } from 'pino';

const toPino: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** The process's logger: one JSON line per event, with the process's name. */
export function createLogger(name: string, level: string): Logger {
  return pino({ name, level });
}

/** Sends the SDK's log to the process's log. Call it once per process, before any connection. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      logger[toPino[level]](meta ?? {}, message);
    }),
    // The process handles its own end (see process.ts); the SDK must not end it first.
    shutdownSignals: [],
  });
}
