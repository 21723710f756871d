import { createParticipantActivities } from '../activities/participant/activities';
import { point as pointParticipant } from '../contracts/participants/point';
import { product as productParticipant } from '../contracts/participants/product';
import { createOrderActivities } from '../activities/order/activities';
import { createOrderIntake } from '../activities/order/intake';
import { createOrderQueries, type OrderSummary } from '../activities/order/queries';
import { openDatabase } from '../activities/transaction/connection';
import type { PlacementService } from '../api/placement';
import { commonSettings, readConfig } from '../workers/config';
import { createLogger } from '../workers/logging';
import { runProcess, untilAborted } from '../workers/process';
import { apiSettings, serveApi } from '../workers/serve-api';

/**
 * What the product is measured against: the same API, the same local transactions, one order at a
 * time, with nobody who would finish an order if this process died in between.
 */
const config = readConfig([
  ...commonSettings,
  ...apiSettings,
  'ORDER_WORKER_DATABASE_URL',
  'PRODUCT_WORKER_DATABASE_URL',
  'POINT_WORKER_DATABASE_URL',
]);
const logger = createLogger('api', config.LOG_LEVEL);
const poolMax = 20;

const orderApi = openDatabase({ url: config.ORDER_DATABASE_URL, poolMax });
const order = openDatabase({ url: config.ORDER_WORKER_DATABASE_URL, poolMax });
const product = openDatabase({ url: config.PRODUCT_WORKER_DATABASE_URL, poolMax });
const point = openDatabase({ url: config.POINT_WORKER_DATABASE_URL, poolMax });

const intake = createOrderIntake(orderApi);
const queries = createOrderQueries(orderApi);
const stock = createParticipantActivities(productParticipant, product);
const points = createParticipantActivities(pointParticipant, point);
const orders = createOrderActivities({
  knex: order,
  askOwners: () => Promise.reject(new Error('Nobody owns a naked order')),
});

const placement: PlacementService = {
  async place({ orderId, customerId }): Promise<OrderSummary> {
    const { claimed } = await intake.claimOrders([orderId], `naked-${orderId}`, 'saga');
    const [placed] = claimed;
    if (placed?.customerId !== customerId) throw new Error('A benchmark places its own orders');
    const { lines, total } = placed;
    const deduct = { orderId, lines };
    const use = { orderId, customerId, points: total };
    const [inStock] = await stock.deductStock([deduct]);
    const [inPoints] = await points.usePoints([use]);
    const reason = [inStock, inPoints].flatMap((o) => (o?.kind === 'rejected' ? [o.code] : []))[0];
    const decision = reason ? 'CANCEL' : 'COMPLETE';
    await orders.decideOrders([{ orderId, decision, ...(reason && { reason }) }]);
    if (reason) {
      if (inStock?.kind === 'done') await stock.restoreStock([deduct]);
      if (inPoints?.kind === 'done') await points.refundPoints([use]);
      await orders.closeOrders([orderId]);
    }
    const [settled] = await queries.settled([orderId]);
    if (!settled) throw new Error(`The order ${orderId} has not ended`);
    return settled;
  },
  cancel: () => Promise.reject(new Error('The benchmark cancels nothing')),
};

void runProcess(logger, async (ready, ending) => {
  const close = await serveApi(config, logger, {
    patterns: {},
    temporalReady: () => Promise.resolve(),
    placement,
    // One by one: nobody's request waits for company.
    gathering: { batchMax: 1, inFlightMax: poolMax },
  });
  ready();
  await untilAborted(ending);
  await close();
  await Promise.all([orderApi, order, product, point].map((knex) => knex.destroy()));
});
