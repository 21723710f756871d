import { createParticipantActivities } from '../../activities/participant/activities';
import { byService, participants, services, type Service } from '../../contracts/participants';
import type { StepOutcome } from '../../contracts/steps';
import { createOrderActivities } from '../../activities/order/activities';
import { createOrderIntake } from '../../activities/order/intake';
import { createOrderQueries, type OrderSummary } from '../../activities/order/queries';
import { openDatabase } from '../../activities/database/connection';
import type { PlacementService } from '../../api/placing/placement';
import { commonSettings, readConfig } from '../../workers/wiring/config';
import { createLogger } from '../../workers/wiring/logging';
import { runProcess, untilAborted } from '../../workers/wiring/process';
import { apiSettings, serveApi } from '../../workers/wiring/serve-api';

/**
 * What the product is measured against: the same API, the same local transactions, one order at a
 * time, with nobody who would finish an order if this process died in between.
 */
const workerUrl = (service: Service) =>
  `${service.toUpperCase() as Uppercase<Service>}_WORKER_DATABASE_URL` as const;
const config = readConfig([...commonSettings, ...apiSettings, ...services.map(workerUrl)]);
const logger = createLogger('api', config.LOG_LEVEL);
const poolMax = 20;

const orderApi = openDatabase({ url: config.ORDER_DATABASE_URL, poolMax });
const databases = byService((service) =>
  openDatabase({ url: config[workerUrl(service)], poolMax }),
);

const intake = createOrderIntake(orderApi);
const queries = createOrderQueries(orderApi);
const parts = participants.map((participant) => {
  const activities = createParticipantActivities(participant, databases[participant.name]);
  const { action, compensation } = participant.steps.saga;
  const { command } = participant;
  return { command, act: activities[action], compensate: activities[compensation] };
});
const orders = createOrderActivities({
  knex: databases.order,
  askOwners: () => Promise.reject(new Error('Nobody owns an order of raw SQL')),
});

const placement: PlacementService = {
  async place({ orderId, customerId }): Promise<OrderSummary> {
    const { claimed } = await intake.claimOrders([orderId], `raw-sql-${orderId}`, 'saga');
    const [placed] = claimed;
    if (placed?.customerId !== customerId) throw new Error('A benchmark places its own orders');
    const asked: (StepOutcome | undefined)[] = [];
    for (const { act, command } of parts) asked.push((await act([command(placed)]))[0]);
    const reason = asked.flatMap((o) => (o?.kind === 'rejected' ? [o.code] : []))[0];
    const decision = reason ? 'CANCEL' : 'COMPLETE';
    await orders.decideOrders([{ orderId, decision, ...(reason && { reason }) }]);
    if (reason) {
      for (const [i, { compensate, command }] of parts.entries()) {
        if (asked[i]?.kind === 'done') await compensate([command(placed)]);
      }
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
  await Promise.all([orderApi, ...Object.values(databases)].map((knex) => knex.destroy()));
});
