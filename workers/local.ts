import {
  createParticipantActivities,
  createParticipantReactions,
} from '../activities/participant/activities';
import { point as pointParticipant } from '../contracts/participants/point';
import { product as productParticipant } from '../contracts/participants/product';
import { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { AskOwners } from '../activities/order/adoption';
import { createOrderActivities } from '../activities/order/activities';
import { createOrderReactions } from '../activities/order/reactions';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import { createTemporalProbe, createTemporalResolver } from '../api/temporal';
import { branchQueueOf, taskQueues } from '../contracts/names';
import type { LockActivities } from '../contracts/steps';
import { workflowBundle } from './bundle';
import { commonSettings, readConfig } from './config';
import { Lookout, lookoutSettings } from './lookout';
import { createAskOwners } from './owner-state';
import { lockSettings, openLock } from './lock';
import { patternsOn, patternSettings, unavailableOn } from './patterns';
import { participantPoolMax } from './pools';
import { createReleaser, type Relay } from './relay';
import { placedPollMs, relayOf } from './relay-of';
import {
  createWorkflowActivities,
  ensureRecovery,
  recoverySettings,
  recoverySettingsFrom,
} from './recovery';
import { searchable } from './search-attributes';
import { apiSettings, serveApi } from './serve-api';
import { serveWorker } from './serve';
import { branchWorker, xaFrom, xaSettings } from './xa';
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
  ...recoverySettings,
  ...lookoutSettings,
  ...xaSettings,
  'RECOVER_EVERY_MS',
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
    await ensureRecovery(client, {
      everyMs: config.RECOVER_EVERY_MS,
      searchable: await searchable(connection, namespace, logger),
    });
    const open = (url: string) =>
      openDatabase({
        url,
        poolMax: participantPoolMax(config.ACTIVITY_SLOTS),
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
    const steps = stepsOf(
      { order, product, point },
      { productXa, pointXa },
      { askOwners: createAskOwners(client.workflow), wake: [orderRelay, productRelay, pointRelay] },
    );
    const lookouts = steps.findWork.map(
      (findWork) => new Lookout({ client, config, logger, findWork }),
    );
    return {
      options: {
        taskQueue: taskQueues.workflow,
        workflowBundle: await workflowBundle(),
        maxCachedWorkflows: cachedWorkflowsMax,
        stickyQueueScheduleToStartTimeout: config.STICKY_MS_MAX,
        activities: {
          ...createWorkflowActivities(recoverySettingsFrom(config)),
          ...steps.order,
          ...steps.product,
          ...steps.point,
          ...lock?.activities,
        },
        maxConcurrentLocalActivityExecutions: config.ACTIVITY_SLOTS,
      },
      beside: besideWorkers(steps, lock?.activities),
      // The API ends first: those who wait for an order need the worker that drives it.
      closeFirst: closeApi,
      close: async () => {
        await Promise.all([...lookouts, ...relays].map((one) => one.close()));
        await Promise.all([order.destroy(), product.destroy(), point.destroy(), lock?.close()]);
        await Promise.all([productXa.close(), pointXa.close()]);
      },
    };
  },
});

type Wakes = Pick<Relay, 'wake'>;

/** The steps of all three services, each on its own database. */
function stepsOf(
  pools: Record<'order' | 'product' | 'point', Knex>,
  { productXa, pointXa }: ReturnType<typeof openXas>,
  given: { askOwners: AskOwners; wake: [order: Wakes, product: Wakes, point: Wakes] },
) {
  const [ofOrder, ofProduct, ofPoint] = given.wake;
  const order = createOrderActivities({
    knex: pools.order,
    askOwners: given.askOwners,
    registryRetryMs: config.REGISTRY_RETRY_MS,
  });
  const product = createParticipantActivities(productParticipant, pools.product, productXa);
  const point = createParticipantActivities(pointParticipant, pools.point, pointXa);
  const { commitStock, rollbackStock } = product;
  const { commitPoints, rollbackPoints } = point;
  return {
    order: { ...order, ...createOrderReactions(pools.order, ofOrder.wake) },
    product: {
      ...product,
      ...createParticipantReactions(productParticipant, pools.product, ofProduct.wake),
    },
    point: { ...point, ...createParticipantReactions(pointParticipant, pools.point, ofPoint.wake) },
    productBranches: { commitStock, rollbackStock },
    pointBranches: { commitPoints, rollbackPoints },
    findWork: [order.findOrderWork, product.findStockWork, point.findPointWork],
  };
}

/** The queues of the placement `separate`, for workflows that began under it, and the branches'. */
function besideWorkers(steps: ReturnType<typeof stepsOf>, lock: LockActivities | undefined) {
  return [
    servedBeside(taskQueues.order, steps.order),
    servedBeside('product', steps.product),
    servedBeside('point', steps.point),
    ...(lock ? [servedBeside(taskQueues.lock, { ...lock })] : []),
    branchWorker(branchQueueOf('product'), steps.productBranches),
    branchWorker(branchQueueOf('point'), steps.pointBranches),
  ];
}

/** A service's steps on its queue, in as many slots as they have there in a process of their own. */
function servedBeside(taskQueue: string, activities: object) {
  return {
    taskQueue,
    activities,
    maxConcurrentActivityTaskExecutions: config.ACTIVITY_SLOTS,
    // Nearly always idle.
    maxConcurrentActivityTaskPolls: 1,
  };
}

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
