import { createPointActivities } from '../activities/point/activities';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { taskQueues } from '../contracts/names';
import { commonSettings, readConfig } from './config';
import { serveWorker } from './serve';

/** The point service: its own database and nobody else's. */
const config = readConfig([
  ...commonSettings,
  'POINT_DATABASE_URL',
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
]);

void serveWorker({
  name: 'point-worker',
  config,
  build: () => {
    const knex = openDatabase({
      url: config.POINT_DATABASE_URL,
      poolMax: config.ACTIVITY_SLOTS,
      lockWaitSMax: config.LOCK_WAIT_S_MAX,
      silentMsMax,
    });
    return Promise.resolve({
      options: {
        taskQueue: taskQueues.point,
        activities: createPointActivities(knex),
        maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
      },
      close: () => knex.destroy(),
    });
  },
});
