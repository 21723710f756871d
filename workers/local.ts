import { Client } from '@temporalio/client';
import { createOrderActivities } from '../activities/order/activities';
import { createPointActivities } from '../activities/point/activities';
import { createProductActivities } from '../activities/product/activities';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { createTemporalProbe } from '../api/temporal';
import { taskQueues } from '../contracts/names';
import { workflowBundle } from './bundle';
import { commonSettings, readConfig } from './config';
import { ownerState } from './owner-state';
import { patternsOn, patternSettings } from './patterns';
import { ensureSchedules, schedulesFrom, scheduleSettings } from './schedules';
import { searchable } from './search-attributes';
import { apiSettings, serveApi } from './serve-api';
import { serveWorker } from './serve';

/**
 * Placement `local`: the API, the workflows and the steps of all three services in one process.
 * Steps are local activities, so an order costs a fraction; what is given up is that each
 * process holds only its own database's password, and that one can be killed without the others.
 */
const config = readConfig([
  ...commonSettings,
  ...apiSettings,
  ...patternSettings,
  ...scheduleSettings,
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
  'STICKY_MS_MAX',
  'ORDER_WORKER_DATABASE_URL',
  'PRODUCT_WORKER_DATABASE_URL',
  'POINT_WORKER_DATABASE_URL',
]);

const cachedWorkflowsMax = 200;

void serveWorker({
  name: 'api',
  config,
  build: async (connection, logger) => {
    const namespace = config.TEMPORAL_NAMESPACE;
    const client = new Client({ connection, namespace });
    await ensureSchedules(client, schedulesFrom(config), {
      searchable: await searchable(connection, namespace, logger),
    });
    const open = (url: string) =>
      openDatabase({
        url,
        poolMax: config.ACTIVITY_SLOTS,
        lockWaitSMax: config.LOCK_WAIT_S_MAX,
        silentMsMax,
      });
    const order = open(config.ORDER_WORKER_DATABASE_URL);
    const product = open(config.PRODUCT_WORKER_DATABASE_URL);
    const point = open(config.POINT_WORKER_DATABASE_URL);
    const closeApi = await serveApi(config, logger, {
      patterns: patternsOn(client, config, { eager: true }),
      temporalReady: createTemporalProbe(client),
    });
    return {
      options: {
        taskQueue: taskQueues.workflow,
        workflowBundle: await workflowBundle(),
        maxCachedWorkflows: cachedWorkflowsMax,
        stickyQueueScheduleToStartTimeout: config.STICKY_MS_MAX,
        activities: {
          ...createOrderActivities({
            knex: order,
            ownerState: (id) => ownerState(client.workflow, id),
          }),
          ...createProductActivities(product),
          ...createPointActivities(point),
        },
        maxConcurrentLocalActivityExecutions: config.ACTIVITY_SLOTS,
      },
      // The API ends first: those who wait for an order need the worker that drives it.
      closeFirst: closeApi,
      close: async () => {
        await Promise.all([order.destroy(), product.destroy(), point.destroy()]);
      },
    };
  },
});
