import { Client } from '@temporalio/client';
import { taskQueues } from '../contracts/names';
import { commonSettings, readConfig } from './wiring/config';
import { serveWorker } from './wiring/serve';
import { openOrderService, orderSettings } from './wiring/services';

/** The order service: its own database, and Temporal's word on who still drives an order. */
const config = readConfig([...commonSettings, ...orderSettings, 'ORDER_DATABASE_URL']);
const { ORDER_DATABASE_URL: url, ACTIVITY_SLOTS: slots } = config;

void serveWorker({
  name: 'order-worker',
  config,
  build: async (connection, logger) => {
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    const around = { client, connection, config, logger };
    const { activities, close } = await openOrderService({ url, poolMax: slots }, around);
    return {
      options: {
        taskQueue: taskQueues.order,
        activities,
        maxConcurrentActivityTaskExecutions: slots,
      },
      close,
    };
  },
});
