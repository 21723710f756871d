import { Client } from '@temporalio/client';
import { commonSettings, readConfig } from './wiring/config';
import { serveWorker } from './wiring/serve';
import { openParticipant, participantSettings } from './wiring/services';

/** The worker of one participant, which `PARTICIPANT` names. It reaches only its own database. */
const config = readConfig([
  ...commonSettings,
  ...participantSettings,
  'PARTICIPANT',
  'DATABASE_URL',
  'RECOVERY_URL',
]);
const { PARTICIPANT: participant, DATABASE_URL: worker, RECOVERY_URL: recovery } = config;

void serveWorker({
  name: `${participant.name}-worker`,
  config,
  build: async (connection, logger) => {
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    const around = { client, connection, config, logger };
    const opened = await openParticipant(participant, { worker, recovery }, around);
    return {
      options: {
        taskQueue: participant.name,
        activities: opened.activities,
        maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
      },
      beside: opened.beside,
      close: opened.close,
    };
  },
});
