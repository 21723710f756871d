import { Client } from '@temporalio/client';
import { createOrderActivities } from '../activities/order/activities';
import { createOrderReactions } from '../activities/order/reactions';
import { createPointActivities } from '../activities/point/activities';
import { createPointReactions } from '../activities/point/reactions';
import { createProductActivities } from '../activities/product/activities';
import { createProductReactions } from '../activities/product/reactions';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { createTemporalProbe, createTemporalResolver } from '../api/temporal';
import { taskQueues } from '../contracts/names';
import { workflowBundle } from './bundle';
import { commonSettings, readConfig } from './config';
import { ownerState } from './owner-state';
import { lockSettings, openLock } from './lock';
import { patternsOn, patternSettings, unavailableOn } from './patterns';
import { createReleaser } from './relay';
import { placedPollMs, relayOf } from './relay-of';
import { ensureSchedules, schedulesFrom, scheduleSettings } from './schedules';
import { searchable } from './search-attributes';
import { apiSettings, serveApi } from './serve-api';
import { serveWorker } from './serve';
import { branchSlots, branchWorker, xaFrom, xaSettings } from './xa';
import { timingFrom } from './timing';

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
  ...xaSettings,
  'REGISTRY_RETRY_MS',
  'STICKY_MS_MAX',
  'ORDER_WORKER_DATABASE_URL',
  'PRODUCT_WORKER_DATABASE_URL',
  'POINT_WORKER_DATABASE_URL',
  'PRODUCT_RECOVERY_URL',
  'POINT_RECOVERY_URL',
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
        poolMax: config.ACTIVITY_SLOTS + branchSlots,
        lockWaitSMax: config.LOCK_WAIT_S_MAX,
        silentMsMax,
      });
    const order = open(config.ORDER_WORKER_DATABASE_URL);
    const product = open(config.PRODUCT_WORKER_DATABASE_URL);
    const point = open(config.POINT_WORKER_DATABASE_URL);
    const lock = config.DATABASE_SERVERS === 'one' ? openLock(readConfig(lockSettings)) : undefined;
    const { productXa, pointXa } = openXas();
    const common = { client, connection, config, logger };
    const orderRelay = await relayOf({ ...common, knex: order, pollMs: placedPollMs });
    const productRelay = await relayOf({ ...common, knex: product });
    const pointRelay = await relayOf({ ...common, knex: point });
    const relays = [orderRelay, productRelay, pointRelay];
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
    const productSteps = createProductActivities(product, productXa);
    const pointSteps = createPointActivities(point, pointXa);
    const { commitStock, rollbackStock } = productSteps;
    const { commitPoints, rollbackPoints } = pointSteps;
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
            registryRetryMs: config.REGISTRY_RETRY_MS,
          }),
          ...productSteps,
          ...pointSteps,
          ...lock?.activities,
          ...createOrderReactions(order, orderRelay.wake),
          ...createProductReactions(product, productRelay.wake),
          ...createPointReactions(point, pointRelay.wake),
        },
        maxConcurrentLocalActivityExecutions: config.ACTIVITY_SLOTS,
      },
      beside: [
        branchWorker(taskQueues.productBranches, { commitStock, rollbackStock }),
        branchWorker(taskQueues.pointBranches, { commitPoints, rollbackPoints }),
      ],
      // The API ends first: those who wait for an order need the worker that drives it.
      closeFirst: closeApi,
      close: async () => {
        await Promise.all(relays.map((relay) => relay.close()));
        await Promise.all([order.destroy(), product.destroy(), point.destroy(), lock?.close()]);
        await Promise.all([productXa.close(), pointXa.close()]);
      },
    };
  },
});

function openXas() {
  return {
    productXa: xaFrom(config, {
      worker: config.PRODUCT_WORKER_DATABASE_URL,
      recovery: config.PRODUCT_RECOVERY_URL,
    }),
    pointXa: xaFrom(config, {
      worker: config.POINT_WORKER_DATABASE_URL,
      recovery: config.POINT_RECOVERY_URL,
    }),
  };
}
