import { Client } from '@temporalio/client';
import { taskQueues } from '../contracts/names';
import { workflowBundle } from './bundle';
import { commonSettings, readConfig } from './config';
import { ensureSchedules, schedulesFrom, scheduleSettings } from './schedules';
import { serveWorker } from './serve';

/** Workflow code: it decides, and touches no database. */
const config = readConfig([...commonSettings, ...scheduleSettings, 'STICKY_MS_MAX']);

/** Bounded: a full cache of large workflows can run the isolate out of memory. */
const cachedWorkflowsMax = 200;

void serveWorker({
  name: 'workflow-worker',
  config,
  build: async (connection) => {
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    await ensureSchedules(client, schedulesFrom(config));
    return {
      options: {
        taskQueue: taskQueues.workflow,
        workflowBundle: await workflowBundle(),
        maxCachedWorkflows: cachedWorkflowsMax,
        stickyQueueScheduleToStartTimeout: config.STICKY_MS_MAX,
      },
    };
  },
});
