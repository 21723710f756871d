import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import pino, { type Logger } from 'pino';

const toPino: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** The process's logger: a JSON line an event, named after the process. */
export function createLogger(name: string, level: string): Logger {
  return pino({ name, level });
}

/** Sends what the SDK has to say to our log. Once a process, before any connection. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      logger[toPino[level]](meta ?? {}, message);
    }),
    // The process decides how it ends (see process.ts): the SDK must not end it first.
    shutdownSignals: [],
  });
}
