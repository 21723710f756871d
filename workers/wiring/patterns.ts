import type { Client } from '@temporalio/client';
import type { ApiDependencies, PatternRunner } from '../../api/dependencies';
import { createTemporalStarter } from '../../api/placing/temporal';
import { taskQueues } from '../../contracts/names';
import { patterns, type Pattern } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import type { Config } from './config';

/** The settings that decide which patterns are offered and how orders reach the workflows. */
export const patternSettings = [
  'BATCH_ORDERS_MAX',
  'BATCHES_IN_FLIGHT_MAX',
  'RUNBOOKS_URL',
  'DATABASE_SERVERS',
] as const;

type PatternConfig = Config<(typeof patternSettings)[number]>;

/** For patterns that do not batch: one order per workflow, and this many in flight. */
const alone = { ordersMax: 1, inFlightMax: 64 };

/** Why this installation does not offer a pattern, for callers who ask for it. */
export function unavailableOn(
  config: Pick<PatternConfig, 'DATABASE_SERVERS'>,
): NonNullable<ApiDependencies['unavailable']> {
  const why = 'The databases are on separate servers, so one local transaction cannot span them.';
  const missing = patterns.filter((pattern) => !isOffered(pattern, config));
  return Object.fromEntries(missing.map((pattern) => [pattern, why]));
}

/** The names of the patterns that this installation offers. */
export function patternsOffered(config: Pick<PatternConfig, 'DATABASE_SERVERS'>): Pattern[] {
  return patterns.filter((pattern) => isOffered(pattern, config));
}

function isOffered(
  pattern: Pattern,
  { DATABASE_SERVERS: servers }: Pick<PatternConfig, 'DATABASE_SERVERS'>,
): boolean {
  return servers === 'one' || patternRows[pattern].moves !== 'with-order';
}

/**
 * The patterns that this installation offers, each with the code that drives its orders.
 *
 * @param eager whether the workflows' worker runs in this process, on this client's connection
 */
export function patternsOn(
  client: Client,
  config: PatternConfig,
  { eager } = { eager: false },
): ApiDependencies['patterns'] {
  const runners = patternsOffered(config).map((pattern) => [pattern, runnerOf(pattern)] as const);
  return Object.fromEntries(runners);

  function runnerOf(pattern: Pattern): PatternRunner {
    const { begins, workflow } = patternRows[pattern];
    // The claim is enough: it writes the event, which the order service's relay sends.
    if (begins === 'by-event') {
      // Its callers are answered at once, even while a participant is away.
      const dispatch = {
        ...together(config),
        smallOrdersMax: config.BATCH_ORDERS_MAX,
        staleMs: byEventStaleMs,
      };
      return { start: null, answersAtOnce: true, dispatch };
    }
    const start = createTemporalStarter(client, {
      pattern,
      workflowType: workflow,
      taskQueue: taskQueues.workflow,
      eager,
      runbooksUrl: config.RUNBOOKS_URL,
    });
    return { start, dispatch: begins === 'alone' ? alone : together(config) };
  }
}

/** A batch counts as in flight until one of its orders has ended, and no longer than this. */
const byEventStaleMs = 500;

function together(config: PatternConfig) {
  return { ordersMax: config.BATCH_ORDERS_MAX, inFlightMax: config.BATCHES_IN_FLIGHT_MAX };
}
