import {
  createParticipantActivities,
  createParticipantReactions,
} from '../activities/participant/activities';
import { product } from '../contracts/participants/product';
import { Client } from '@temporalio/client';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { branchQueueOf } from '../contracts/names';
import { commonSettings, readConfig } from './config';
import { Lookout, lookoutSettings } from './lookout';
import { participantPoolMax } from './pools';
import { relayOf, relaySettings } from './relay-of';
import { serveWorker } from './serve';
import { branchWorker, xaFrom, xaSettings } from './xa';

/** The product service: its own database and nobody else's. */
const config = readConfig([
  ...commonSettings,
  ...xaSettings,
  ...relaySettings,
  ...lookoutSettings,
  'PRODUCT_DATABASE_URL',
  'PRODUCT_RECOVERY_URL',
]);

void serveWorker({
  name: 'product-worker',
  config,
  build: async (connection, logger) => {
    const knex = openDatabase({
      url: config.PRODUCT_DATABASE_URL,
      poolMax: participantPoolMax(config.ACTIVITY_SLOTS),
      lockWaitSMax: config.LOCK_WAIT_S_MAX,
      silentMsMax,
    });
    const xa = xaFrom(config, {
      worker: config.PRODUCT_DATABASE_URL,
      recovery: config.PRODUCT_RECOVERY_URL,
    });
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    const relay = await relayOf({ knex, client, connection, config, logger });
    const activities = createParticipantActivities(product, knex, xa);
    const lookout = new Lookout({ client, config, logger, findWork: activities.findStockWork });
    const { commitStock, rollbackStock } = activities;
    return {
      options: {
        taskQueue: 'product',
        activities: { ...activities, ...createParticipantReactions(product, knex, relay.wake) },
        maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
      },
      beside: [branchWorker(branchQueueOf('product'), { commitStock, rollbackStock })],
      close: async () => {
        await Promise.all([lookout.close(), relay.close()]);
        await Promise.all([knex.destroy(), xa.close()]);
      },
    };
  },
});
