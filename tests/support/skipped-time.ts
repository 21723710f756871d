import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { queuesOf, taskQueues } from '../../contracts/names';
import { services } from '../../contracts/participants';
import { workflowBundle } from '../../workers/wiring/bundle';
import { quietRuntime } from './runtime';
import { timeSkippingServer } from './servers';

/** Every queue on which a workflow may request a step, besides its own. */
const queues = [...services, 'lock' as const].flatMap(queuesOf);

/** A server that skips time while a test waits for a workflow's end: one per test file. */
export interface SkippedTime {
  /** Runs one workflow to its end, with these activities on every queue but the workflows'. */
  run<R>(type: string, input: unknown, activities: object): Promise<SkippedRun<R>>;
  /** A service that is down for so long from its first call. */
  awayFor(ms: number): () => Promise<void>;
  end(): Promise<void>;
}

export interface SkippedRun<R> {
  result: R;
  /** By the server's clock, which skips. */
  tookMs: number;
}

export async function skipTime(): Promise<SkippedTime> {
  quietRuntime();
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: timeSkippingServer() } },
  });
  const { nativeConnection: connection, client } = environment;

  const workflows = await Worker.create({
    connection,
    taskQueue: taskQueues.workflow,
    workflowBundle: await workflowBundle(),
  });
  const runningWorkflows = workflows.run();
  const startWorkers = (activities: object) =>
    Promise.all(queues.map((taskQueue) => Worker.create({ connection, taskQueue, activities })));

  return {
    async run<R>(type: string, input: unknown, activities: object) {
      const workers = await startWorkers(activities);
      const running = workers.map((worker) => worker.run());
      try {
        const handle = await client.workflow.start<(input: unknown) => Promise<R>>(type, {
          workflowId: `patience-${randomUUID()}`,
          taskQueue: taskQueues.workflow,
          args: [input],
        });
        const result = await handle.result();
        const { startTime, closeTime } = await handle.describe();
        return { result, tookMs: Number(closeTime) - Number(startTime) };
      } finally {
        workers.forEach((worker) => worker.shutdown());
        await Promise.all(running);
      }
    },
    awayFor(ms) {
      let backMs: number | undefined;
      return async () => {
        const nowMs = await environment.currentTimeMs();
        backMs ??= nowMs + ms;
        if (nowMs < backMs) throw new Error('away');
      };
    },
    async end() {
      workflows.shutdown();
      await runningWorkflows;
      await environment.teardown();
    },
  };
}
