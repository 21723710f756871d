import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createLogger, installRuntime } from './logging';
import { runProcess, untilAborted } from './process';

/** Longer than one attempt of a step: what runs is finished, and nothing is lost or doubled. */
const shutdownGraceTime = '12 seconds';

interface ServeOptions {
  name: string;
  config: { TEMPORAL_ADDRESS: string; TEMPORAL_NAMESPACE: string; LOG_LEVEL: string };
  /** Given a connection; also says what to close before the worker is told to end, and after. */
  build: (
    connection: NativeConnection,
    logger: Logger,
  ) => Promise<{
    options: Omit<WorkerOptions, 'connection' | 'namespace'>;
    closeFirst?: () => Promise<void>;
    close?: () => Promise<void>;
  }>;
}

/** Runs one Temporal worker as a process, until it is told to end. */
export async function serveWorker({ name, config, build }: ServeOptions): Promise<void> {
  const logger = createLogger(name, config.LOG_LEVEL);
  installRuntime(logger);
  await runProcess(logger, async (ready, ending) => {
    const connection = await NativeConnection.connect({ address: config.TEMPORAL_ADDRESS });
    const { options, closeFirst, close } = await build(connection, logger);
    const worker = await Worker.create({
      connection,
      namespace: config.TEMPORAL_NAMESPACE,
      identity: `${name}@${String(process.pid)}`,
      shutdownGraceTime,
      ...options,
    });
    const running = worker.run();
    ready();
    await Promise.race([running, untilAborted(ending)]);
    await closeFirst?.();
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await running;
    // Only now: an activity that is still running needs its database.
    await close?.();
    await connection.close();
  });
}
