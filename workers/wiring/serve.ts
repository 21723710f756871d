import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createLogger, installRuntime } from './logging';
import { runProcess, untilAborted } from './process';
import { stepsGraceMs } from './stopping';

type OwnOptions = Omit<WorkerOptions, 'connection' | 'namespace'>;

interface ServeOptions {
  name: string;
  config: { TEMPORAL_ADDRESS: string; TEMPORAL_NAMESPACE: string; LOG_LEVEL: string };
  /**
   * Builds the worker on a connection. Also returns what to close before and after the worker
   * stops.
   */
  build: (
    connection: NativeConnection,
    logger: Logger,
  ) => Promise<{
    options: OwnOptions;
    /** More workers of the same process, each with slots of its own. */
    beside?: OwnOptions[];
    closeFirst?: () => Promise<void>;
    close?: () => Promise<void>;
  }>;
}

/** Runs a Temporal worker, and those beside it, as a process, until it is told to stop. */
export async function serveWorker({ name, config, build }: ServeOptions): Promise<void> {
  const logger = createLogger(name, config.LOG_LEVEL);
  installRuntime(logger);
  await runProcess(logger, async (ready, ending) => {
    const connection = await NativeConnection.connect({ address: config.TEMPORAL_ADDRESS });
    const { options, beside = [], closeFirst, close } = await build(connection, logger);
    const create = (own: OwnOptions) =>
      Worker.create({
        connection,
        namespace: config.TEMPORAL_NAMESPACE,
        identity: `${name}@${String(process.pid)}`,
        shutdownGraceTime: stepsGraceMs,
        ...own,
      });
    const workers = await Promise.all([options, ...beside].map(create));
    const running = workers.map((worker) => worker.run());
    ready();
    // If one worker ends or fails, the process ends; it would serve only some of its queues.
    await Promise.race([...running, untilAborted(ending)]);
    await closeFirst?.();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(running);
    // Closed last, because running activities need the database.
    await close?.();
    await connection.close();
  });
}
