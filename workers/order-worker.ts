import { Client } from '@temporalio/client';
import { createOrderActivities } from '../activities/order/activities';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { taskQueues } from '../contracts/names';
import { commonSettings, readConfig } from './config';
import { ownerState } from './owner-state';
import { serveWorker } from './serve';

/** The order service: its own database, and Temporal's word on who still drives an order. */
const config = readConfig([
  ...commonSettings,
  'ORDER_DATABASE_URL',
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
]);

void serveWorker({
  name: 'order-worker',
  config,
  build: (connection) => {
    const knex = openDatabase({
      url: config.ORDER_DATABASE_URL,
      poolMax: config.ACTIVITY_SLOTS,
      lockWaitSMax: config.LOCK_WAIT_S_MAX,
      silentMsMax,
    });
    const { workflow } = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    return Promise.resolve({
      options: {
        taskQueue: taskQueues.order,
        activities: createOrderActivities({ knex, ownerState: (id) => ownerState(workflow, id) }),
        maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
      },
      close: () => knex.destroy(),
    });
  },
});
