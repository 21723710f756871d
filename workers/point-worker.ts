import {
  createParticipantActivities,
  createParticipantReactions,
} from '../activities/participant/activities';
import { point } from '../contracts/participants/point';
import { Client } from '@temporalio/client';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { branchQueueOf } from '../contracts/names';
import { commonSettings, readConfig } from './config';
import { Lookout, lookoutSettings } from './lookout';
import { participantPoolMax } from './pools';
import { relayOf, relaySettings } from './relay-of';
import { serveWorker } from './serve';
import { branchWorker, xaFrom, xaSettings } from './xa';

/** The point service: its own database and nobody else's. */
const config = readConfig([
  ...commonSettings,
  ...xaSettings,
  ...relaySettings,
  ...lookoutSettings,
  'POINT_DATABASE_URL',
  'POINT_RECOVERY_URL',
]);

void serveWorker({
  name: 'point-worker',
  config,
  build: async (connection, logger) => {
    const knex = openDatabase({
      url: config.POINT_DATABASE_URL,
      poolMax: participantPoolMax(config.ACTIVITY_SLOTS),
      lockWaitSMax: config.LOCK_WAIT_S_MAX,
      silentMsMax,
    });
    const xa = xaFrom(config, {
      worker: config.POINT_DATABASE_URL,
      recovery: config.POINT_RECOVERY_URL,
    });
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    const relay = await relayOf({ knex, client, connection, config, logger });
    const activities = createParticipantActivities(point, knex, xa);
    const lookout = new Lookout({ client, config, logger, findWork: activities.findPointWork });
    const { commitPoints, rollbackPoints } = activities;
    return {
      options: {
        taskQueue: 'point',
        activities: { ...activities, ...createParticipantReactions(point, knex, relay.wake) },
        maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
      },
      beside: [branchWorker(branchQueueOf('point'), { commitPoints, rollbackPoints })],
      close: async () => {
        await Promise.all([lookout.close(), relay.close()]);
        await Promise.all([knex.destroy(), xa.close()]);
      },
    };
  },
});
