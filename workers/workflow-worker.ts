import { Client } from '@temporalio/client';
import { taskQueues } from '../contracts/names';
import { workflowBundle } from './wiring/bundle';
import { commonSettings, readConfig } from './wiring/config';
import {
  createWorkflowActivities,
  ensureRecovery,
  recoverySettings,
  recoverySettingsFrom,
} from './wiring/recovery-schedule';
import { searchable } from './wiring/search-attributes';
import { serveWorker } from './wiring/serve';

/** The worker of the workflows. It reaches no database; its own activity answers its settings. */
const config = readConfig([
  ...commonSettings,
  ...recoverySettings,
  'RECOVER_EVERY_MS',
  'STICKY_MS_MAX',
]);

/** Bounded, because a full cache of large workflows can exhaust the isolate's memory. */
const cachedWorkflowsMax = 200;

void serveWorker({
  name: 'workflow-worker',
  config,
  build: async (connection, logger) => {
    const namespace = config.TEMPORAL_NAMESPACE;
    const client = new Client({ connection, namespace });
    await ensureRecovery(client, {
      everyMs: config.RECOVER_EVERY_MS,
      searchable: await searchable(connection, namespace, logger),
    });
    return {
      options: {
        taskQueue: taskQueues.workflow,
        workflowBundle: await workflowBundle(),
        activities: createWorkflowActivities(recoverySettingsFrom(config)),
        maxCachedWorkflows: cachedWorkflowsMax,
        stickyQueueScheduleToStartTimeout: config.STICKY_MS_MAX,
      },
    };
  },
});
