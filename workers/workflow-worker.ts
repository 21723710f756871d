import { Client } from '@temporalio/client';
import { taskQueues } from '../contracts/names';
import { workflowBundle } from './bundle';
import { commonSettings, readConfig } from './config';
import { ensureSchedules, schedulesFrom, scheduleSettings } from './schedules';
import { searchable } from './search-attributes';
import { serveWorker } from './serve';

/** Workflow code: it decides, and touches no database. */
const config = readConfig([...commonSettings, ...scheduleSettings, 'STICKY_MS_MAX']);

/** Bounded: a full cache of large workflows can run the isolate out of memory. */
const cachedWorkflowsMax = 200;

void serveWorker({
  name: 'workflow-worker',
  config,
  build: async (connection, logger) => {
    const namespace = config.TEMPORAL_NAMESPACE;
    const client = new Client({ connection, namespace });
    await ensureSchedules(client, schedulesFrom(config), {
      searchable: await searchable(connection, namespace, logger),
    });
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
