import { taskQueues } from '../contracts/names';
import { commonSettings, readConfig } from './wiring/config';
import { lockSettings, openLock } from './wiring/lock-service';
import { serveWorker } from './wiring/serve';

/** The worker of pattern `lock`, which can reach all databases. */
const config = readConfig([...commonSettings, ...lockSettings]);

void serveWorker({
  name: 'lock-worker',
  config,
  build: () => {
    const { activities, waiting, close } = openLock(config);
    return Promise.resolve({
      options: {
        taskQueue: taskQueues.lock,
        activities: { ...activities },
        maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
      },
      beside: [waiting],
      close,
    });
  },
});
