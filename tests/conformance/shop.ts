import type { Knex } from 'knex';
import pino from 'pino';
import { openDatabase } from '../../activities/database/connection';
import { readParked } from '../../activities/events/parked-events';
import { readOrders } from '../../activities/order/content';
import { createApp, type Api } from '../../api/app';
import type { ApiDependencies } from '../../api/dependencies';
import { auditAtRest } from '../../audit/at-rest';
import type { AuditReport } from '../../audit/audit';
import { workflowsOf } from '../../audit/workflows';
import type { Placement, StepTiming } from '../../contracts/limits';
import { workflowTypes } from '../../contracts/names';
import { orderTerms, type OrderTerms, type Pattern } from '../../contracts/order';
import {
  byLabel,
  byService,
  participants,
  services,
  type Label,
  type RegisteredParticipant,
  type Service,
} from '../../contracts/participants';
import { patternRows } from '../../contracts/patterns';
import type {
  AdoptInput,
  PlaceOrdersInput,
  PlaceOrdersResult,
  ResolveInput,
} from '../../contracts/workflows';
import { readConfig } from '../../workers/wiring/config';
import { patternsOffered, patternsOn, patternSettings } from '../../workers/wiring/patterns';
import { createReleaser } from '../../workers/wiring/relay';
import { apiUserOf, authentication, call, createdOrder, readingFrom } from '../api/harness';
import { claim, ends, netEffect, runOnce, until } from '../support/orders';
import { startRelays } from '../support/relays';
import { createWorld, hurriedTiming, type World } from '../support/world';

const config = readConfig(patternSettings, { DATABASE_SERVERS: 'one' });

/** Every pattern that is available with all databases on one server. */
export const offered: readonly Pattern[] = patternsOffered(config);

/** How an order ended, by its customer's answer. */
export interface End {
  status: string;
  /** Null if it is COMPLETED. */
  reason: string | null;
}

/** The real API in front of the real workers, for the tests of every pattern. */
export interface Shop {
  world: World;
  api: Api;
  /** Resets the books to what every outcome expects. */
  begin(): Promise<void>;
  /**
   * Creates an order, by default Anna's, and returns its id. By default it has all terms, so that
   * every participant takes something.
   */
  order(items: Record<string, number>, customer?: string, terms?: OrderTerms): Promise<string>;
  /** Places it, and returns how it ended, by waiting or by polling. */
  place(orderId: string, pattern: Pattern, customer?: string): Promise<End>;
  /** Asks for it to be placed, and waits until it waits for an operator. */
  placeBroken(orderId: string, pattern: Pattern): Promise<void>;
  /** Claims it for a workflow and does no more, as an API does that dies then. */
  claim(orderId: string, pattern: Pattern): Promise<void>;
  /** One run of adoption, whatever the orders' age. */
  adopt(): Promise<void>;
  /** Drives it by one more workflow of its pattern, beside what drives it already. */
  driveToo(orderId: string, pattern: Pattern): Promise<PlaceOrdersResult>;
  /** The operator's: what was broken is tried again. */
  tryAgain(orderId: string, pattern: Pattern): Promise<void>;
  ended(orderId: string): Promise<End>;
  /** The customer's cancel; returns how the order ended. */
  cancel(orderId: string): Promise<End>;
  /** The sum of its movements in the ledgers. */
  moved(orderId: string): Promise<Record<Label, number>>;
  available(productId: string): Promise<number>;
  audit(): Promise<AuditReport>;
  close(): Promise<void>;
}

const allTerms: OrderTerms = Object.fromEntries(orderTerms.map((term) => [term, `any-${term}`]));

/** What a participant takes for an order's terms, independently of its lines. */
function owedForTerms({ command, owes }: RegisteredParticipant) {
  const order = { orderId: '', customerId: '', lines: [], total: 0, terms: allTerms };
  return owes(command(order)).filter(({ amount }) => amount > 0);
}

/** The movements of an order with all terms, given those of its lines. */
export function movedWithTerms(forLines: Partial<Record<Label, number>>): Record<Label, number> {
  const moved = byLabel(() => 0);
  for (const one of participants) {
    for (const { amount } of owedForTerms(one)) moved[one.label] -= amount;
  }
  return { ...moved, ...forLines };
}

/** Shorter than a step that answers late: see the outcome of that name. */
const hurried = { ...hurriedTiming, attemptMsMax: 1_000, actionMsMax: 15_000 };

export async function openShop(placement: Placement): Promise<Shop> {
  const world = await createWorld();
  const timing = { ...hurried, placement };
  const relays = startRelays(world, timing);
  const pools: Knex[] = [];
  const open = (user: string, service: Service) => {
    const pool = openDatabase({ url: world.databases.url(user, service), poolMax: 5 });
    pools.push(pool);
    return pool;
  };
  const runners = patternsOn(world.client, config);
  const api = apiOn(runners, timing, open);
  const auditor = {
    ...byService((service) => open('auditor', service)),
    ...workflowsOf(world.client),
  };
  return {
    world,
    api,
    async begin() {
      world.clearFaults();
      // The API may read an order's end in its row while a workflow still asks for a step of it.
      await until('no workflow runs', async () => {
        const { count } = await world.client.workflow.count(`ExecutionStatus = 'Running'`);
        return count === 0;
      });
      await world.databases.empty();
      for (const one of participants) {
        const owed = owedForTerms(one).map(({ id }) => [id, { available: 1_000 }] as const);
        if (owed.length > 0) await world.databases.fill(one.name, Object.fromEntries(owed));
      }
      await world.databases.stock({
        apple: { available: 1_000, price: 2 },
        pear: { available: 1_000, price: 3 },
        rare: { available: 3, price: 1 },
      });
      await world.databases.points({ anna: 10_000, poor: 3 });
    },
    order: (items, customer = 'anna', terms = allTerms) =>
      createdOrder(
        api,
        Object.entries(items).map(([productId, quantity]) => ({ productId, quantity })),
        customer,
        terms,
      ),
    place: (orderId, pattern, customer) =>
      place(api, orderId, { ...runners[pattern], pattern }, customer),
    async placeBroken(orderId, pattern) {
      await call(api, 'POST', `/orders/${orderId}/place`, { as: 'anna', body: { pattern } });
      await ends(world, { orderId }, 'PENDING');
    },
    async claim(orderId, pattern) {
      await claim(world, [{ orderId }], pattern);
    },
    async adopt() {
      const input: AdoptInput = { timing, olderThanMs: 0, limit: 5 };
      await runOnce(world, workflowTypes.adoptOrders, input);
    },
    async driveToo(orderId, pattern) {
      const orders = [...(await readOrders(world.databases.order, [orderId])).values()];
      const input: PlaceOrdersInput = { orders, timing };
      const result = await runOnce(world, patternRows[pattern].workflow, input);
      return result as PlaceOrdersResult;
    },
    tryAgain: (orderId, pattern) =>
      patternRows[pattern].begins === 'by-event'
        ? releaseAll(world, orderId, timing)
        : retry(world, orderId, timing),
    ended: (orderId) => endOf(api, orderId),
    async cancel(orderId) {
      const { status, body } = await call(api, 'POST', `/orders/${orderId}/cancel`, { as: 'anna' });
      if (status === 409) return { status: 'COMPLETED', reason: null };
      expect(status === 200 || status === 202 ? '' : JSON.stringify(body)).toBe('');
      return endOf(api, orderId);
    },
    moved: (orderId) => netEffect(world, orderId),
    async available(productId) {
      const { product } = world.databases;
      const [left] = await product('products')
        .where('product_id', productId)
        .pluck<number[]>('available');
      return left ?? 0;
    },
    audit: () => auditAtRest(auditor),
    async close() {
      await api.close();
      for (const pool of pools) await pool.destroy();
      await relays.end();
      await world.stop();
    },
  };
}

function apiOn(
  runners: ApiDependencies['patterns'],
  timing: ApiDependencies['timing'],
  open: (user: string, service: Service) => Knex,
): Api {
  return createApp({
    logger: pino({ level: 'silent' }),
    ...readingFrom(byService((service) => open(apiUserOf(service), service))),
    authentication: authentication(),
    patterns: runners,
    defaultPattern: 'saga',
    timing,
    temporalReady: () => Promise.resolve(),
  });
}

const operator = { operator: 'olga', reason: 'mended' };

async function retry(world: World, orderId: string, timing: StepTiming): Promise<void> {
  const input: ResolveInput = { orderId, action: 'retry', timing, ...operator };
  await runOnce(world, workflowTypes.resolveOrder, input);
}

/** What is driven by events has no workflow to go on with: its parked events are delivered again. */
async function releaseAll(world: World, orderId: string, timing: StepTiming): Promise<void> {
  const release = createReleaser(world.client.workflow, timing, undefined);
  for (const service of services) {
    const parked = await readParked(world.databases[service], 5_000);
    for (const { event } of parked) {
      if (event.orderId !== orderId) continue;
      await release(event, service, { by: operator.operator, reason: operator.reason });
    }
  }
}

async function place(
  api: Api,
  orderId: string,
  { pattern, answersAtOnce = false }: { pattern: Pattern; answersAtOnce?: boolean | undefined },
  as = 'anna',
): Promise<End> {
  const answer = await call(api, 'POST', `/orders/${orderId}/place`, { as, body: { pattern } });
  if (answersAtOnce && answer.status === 202) return endOf(api, orderId, as);
  // A waiting caller gets the order's end, the same that `GET /orders/{orderId}` shows.
  expect([200, 409]).toContain(answer.status);
  const told: End =
    answer.status === 200
      ? { status: String(answer.body['status']), reason: null }
      : { status: 'CANCELLED', reason: String(answer.body['type']).replace('/problems/', '') };
  expect(await endOf(api, orderId, as)).toEqual(told);
  return told;
}

/** Polls the order until it has ended. */
async function endOf(api: Api, orderId: string, as = 'anna'): Promise<End> {
  let end: End = { status: 'unknown', reason: null };
  await until(`${orderId} has ended`, async () => {
    const { body } = await call(api, 'GET', `/orders/${orderId}`, { as });
    const reason = typeof body['reason'] === 'string' ? body['reason'] : null;
    end = { status: String(body['status']), reason };
    return end.status === 'COMPLETED' || end.status === 'CANCELLED';
  });
  return end;
}
