import { Client } from '@temporalio/client';
import { createOrderActivities } from '../activities/order/activities';
import { createOrderReactions } from '../activities/order/reactions';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { taskQueues } from '../contracts/names';
import { commonSettings, readConfig } from './config';
import { Lookout, lookoutSettings } from './lookout';
import { createAskOwners } from './owner-state';
import { placedPollMs, relayOf, relaySettings } from './relay-of';
import { serveWorker } from './serve';

/** The order service: its own database, and Temporal's word on who still drives an order. */
const config = readConfig([
  ...commonSettings,
  ...relaySettings,
  ...lookoutSettings,
  'ORDER_DATABASE_URL',
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
  'REGISTRY_RETRY_MS',
]);

void serveWorker({
  name: 'order-worker',
  config,
  build: async (connection, logger) => {
    const knex = openDatabase({
      url: config.ORDER_DATABASE_URL,
      poolMax: config.ACTIVITY_SLOTS,
      lockWaitSMax: config.LOCK_WAIT_S_MAX,
      silentMsMax,
    });
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    const pollMs = placedPollMs;
    const relay = await relayOf({ knex, client, connection, config, logger, pollMs });
    const steps = createOrderActivities({
      knex,
      askOwners: createAskOwners(client.workflow),
      registryRetryMs: config.REGISTRY_RETRY_MS,
    });
    const lookout = new Lookout({ client, config, logger, findWork: steps.findOrderWork });
    return {
      options: {
        taskQueue: taskQueues.order,
        activities: { ...steps, ...createOrderReactions(knex, relay.wake) },
        maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
      },
      close: async () => {
        await Promise.all([lookout.close(), relay.close()]);
        await knex.destroy();
      },
    };
  },
});
