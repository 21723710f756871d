import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createLogger, installRuntime } from './logging';
import { runProcess, untilAborted } from './process';
import { stepsGraceMs } from './stopping';

type OwnOptions = Omit<WorkerOptions, 'connection' | 'namespace'>;

interface ServeOptions {
  name: string;
  config: { TEMPORAL_ADDRESS: string; TEMPORAL_NAMESPACE: string; LOG_LEVEL: string };
  /** Given a connection; also says what to close before the worker is told to end, and after. */
  build: (
    connection: NativeConnection,
    logger: Logger,
  ) => Promise<{
    options: OwnOptions;
    /** Further workers of the same process, each with slots of its own. */
    beside?: OwnOptions[];
    closeFirst?: () => Promise<void>;
    close?: () => Promise<void>;
  }>;
}

/** Runs a Temporal worker, and those beside it, as a process, until it is told to end. */
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
    // One that ends by itself, or fails, ends the process: it would serve only half of its queues.
    await Promise.race([...running, untilAborted(ending)]);
    await closeFirst?.();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(running);
    // Only now: an activity that is still running needs its database.
    await close?.();
    await connection.close();
  });
}
