import { Client } from '@temporalio/client';
import { createTemporalProbe, createTemporalResolver } from '../api/placing/temporal';
import { taskQueues } from '../contracts/names';
import { participants, type RegisteredParticipant } from '../contracts/participants';
import { workflowBundle } from './wiring/bundle';
import {
  commonSettings,
  readConfig,
  settingOf,
  settingsOfParticipants,
  settingsOfServices,
} from './wiring/config';
import { lockSettings, openLock } from './wiring/lock-service';
import { patternsOn, patternSettings, unavailableOn } from './wiring/patterns';
import { participantPoolMax } from './wiring/pools';
import {
  createWorkflowActivities,
  ensureRecovery,
  recoverySettings,
  recoverySettingsFrom,
} from './wiring/recovery-schedule';
import { createReleaser } from './wiring/relay';
import { searchable } from './wiring/search-attributes';
import { serveWorker } from './wiring/serve';
import { apiSettings, serveApi } from './wiring/serve-api';
import {
  openOrderService,
  openParticipant,
  orderSettings,
  participantSettings,
} from './wiring/services';
import { timingFrom } from './wiring/timing';

/**
 * Placement `local`: the API, the workflows and the steps of all services in one process. Steps are
 * local activities, so an order costs a fraction. The price: one process holds every database's
 * password, and its parts cannot be stopped separately.
 */
const config = readConfig([
  ...commonSettings,
  ...apiSettings,
  ...patternSettings,
  ...recoverySettings,
  ...orderSettings,
  ...participantSettings,
  'RECOVER_EVERY_MS',
  'STICKY_MS_MAX',
  ...settingsOfServices('WORKER_DATABASE_URL'),
  ...settingsOfParticipants('RECOVERY_URL'),
]);

const cachedWorkflowsMax = 200;

void serveWorker({
  name: 'api',
  config,
  build: async (connection, logger) => {
    const namespace = config.TEMPORAL_NAMESPACE;
    const client = new Client({ connection, namespace });
    await ensureRecovery(client, {
      everyMs: config.RECOVER_EVERY_MS,
      searchable: await searchable(connection, namespace, logger),
    });
    const around = { client, connection, config, logger };
    const poolMax = participantPoolMax(config.ACTIVITY_SLOTS);
    const order = await openOrderService(
      { url: config.ORDER_WORKER_DATABASE_URL, poolMax },
      around,
    );
    const opened = await Promise.all(participants.map((one) => openHere(one, around)));
    const lock = config.DATABASE_SERVERS === 'one' ? openLock(readConfig(lockSettings)) : undefined;
    const closeApi = await serveApi(config, logger, {
      patterns: patternsOn(client, config, { eager: true }),
      unavailable: unavailableOn(config),
      temporalReady: createTemporalProbe(client),
      resolve: createTemporalResolver(client, {
        timing: timingFrom(config),
        runbooksUrl: config.RUNBOOKS_URL,
      }),
      releaseEvent: createReleaser(client.workflow, timingFrom(config), config.RUNBOOKS_URL),
    });
    const parts = [order, ...opened, ...(lock ? [lock] : [])];
    const steps: object[] = parts.map(({ activities }) => activities);
    return {
      options: {
        taskQueue: taskQueues.workflow,
        workflowBundle: await workflowBundle(),
        maxCachedWorkflows: cachedWorkflowsMax,
        stickyQueueScheduleToStartTimeout: config.STICKY_MS_MAX,
        activities: steps.reduce(
          (all, some) => ({ ...all, ...some }),
          createWorkflowActivities(recoverySettingsFrom(config)),
        ),
        maxConcurrentLocalActivityExecutions: config.ACTIVITY_SLOTS,
      },
      // The queues of placement `separate`, for workflows that began under it.
      beside: [
        servedBeside(taskQueues.order, order.activities),
        ...opened.flatMap(({ name, activities, beside }) => [
          servedBeside(name, activities),
          ...beside,
        ]),
        ...(lock ? [servedBeside(taskQueues.lock, { ...lock.activities }), lock.waiting] : []),
      ],
      // The API stops first, because its waiting callers need the worker that drives their orders.
      closeFirst: closeApi,
      close: async () => {
        await Promise.all(parts.map((part) => part.close()));
      },
    };
  },
});

/** Opens a participant with the URLs of its users. */
async function openHere(
  participant: RegisteredParticipant,
  around: Parameters<typeof openParticipant>[2],
) {
  const { name } = participant;
  const urls = {
    worker: config[settingOf(name, 'WORKER_DATABASE_URL')],
    recovery: config[settingOf(name, 'RECOVERY_URL')],
  };
  return { name, ...(await openParticipant(participant, urls, around)) };
}

/** A service's steps on its queue, with as many slots as in a process of its own. */
function servedBeside(taskQueue: string, activities: object) {
  return {
    taskQueue,
    activities,
    maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
    // Almost always idle.
    maxConcurrentActivityTaskPolls: 1,
  };
}
