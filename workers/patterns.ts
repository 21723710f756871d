import type { Client } from '@temporalio/client';
import type { ApiDependencies, PatternRunner } from '../api/dependencies';
import { createTemporalStarter } from '../api/temporal';
import { orderWorkflows, taskQueues } from '../contracts/names';
import { patterns, type Pattern } from '../contracts/order';
import type { Config } from './config';

/** The settings that decide which patterns there are, and how orders travel to the workflows. */
export const patternSettings = [
  'BATCH_ORDERS_MAX',
  'BATCHES_IN_FLIGHT_MAX',
  'RUNBOOKS_URL',
  'DATABASE_SERVERS',
] as const;

type PatternConfig = Config<(typeof patternSettings)[number]>;

/** For patterns that do not batch: an order is a workflow, and so many are in flight at once. */
const alone = { ordersMax: 1, inFlightMax: 64 };

/** Unless it says otherwise a pattern's workflow is started, by the name in contracts. */
type Offer = Omit<PatternRunner, 'start'> & Partial<Pick<PatternRunner, 'start'>>;

/** What this installation offers: a row here, and the pattern is there. */
function offers(config: PatternConfig): Partial<Record<Pattern, Offer>> {
  return {
    ...(config.DATABASE_SERVERS === 'one' && { lock: { dispatch: alone } }),
    // Branches hold their locks until the decision: orders in one workflow would hold each other's.
    xa: { dispatch: alone },
    tcc: { dispatch: alone },
    saga: {
      dispatch: {
        ordersMax: config.BATCH_ORDERS_MAX,
        inFlightMax: config.BATCHES_IN_FLIGHT_MAX,
      },
    },
    // Claiming is all: the event is written with the claim, and the order service's relay sends it.
    choreography: { start: null, answersAtOnce: true },
  };
}

/** Why a pattern is not offered here, for who asks for it. */
export function unavailableOn({
  DATABASE_SERVERS: servers,
}: Pick<PatternConfig, 'DATABASE_SERVERS'>): NonNullable<ApiDependencies['unavailable']> {
  if (servers === 'one') return {};
  return { lock: 'The databases are on separate servers, and no local transaction spans them.' };
}

/** The names of the patterns that this installation offers. */
export function patternsOffered(config: PatternConfig): Pattern[] {
  const offered = offers(config);
  return patterns.filter((pattern) => offered[pattern]);
}

/**
 * The patterns that this installation offers, each with what drives its orders.
 *
 * @param eager whether the workflows' worker is in this process, on this client's connection
 */
export function patternsOn(
  client: Client,
  config: PatternConfig,
  { eager } = { eager: false },
): ApiDependencies['patterns'] {
  const starter = (pattern: Pattern) =>
    createTemporalStarter(client, {
      pattern,
      workflowType: orderWorkflows[pattern],
      taskQueue: taskQueues.workflow,
      eager,
      runbooksUrl: config.RUNBOOKS_URL,
    });
  const runners = Object.entries(offers(config)).map(([name, offer]) => {
    const pattern = name as Pattern;
    return [pattern, { start: starter(pattern), ...offer }] as const;
  });
  return Object.fromEntries(runners);
}
