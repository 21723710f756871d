import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { Config } from './config';
import { Relay } from './relay';
import { searchable } from './search-attributes';
import { timingFrom, timingSettings } from './timing';

/** The settings of a process that has a relay. */
export const relaySettings = [...timingSettings, 'RUNBOOKS_URL', 'BATCH_ORDERS_MAX'] as const;

/** A service wakes its relay when it emits. The poll finds only what a previous process left. */
const leftPollMs = 1_000;

/**
 * The order service's relay also sends events that the API has written, and the API cannot wake it.
 * An order waits half of this on average. An idle system reads an empty index forty times a
 * second.
 */
export const placedPollMs = 25;

/** Starts the relay of a service's process. */
export async function relayOf(options: {
  knex: Knex;
  client: Client;
  connection: NativeConnection;
  config: Config<(typeof relaySettings)[number] | 'TEMPORAL_NAMESPACE'>;
  logger: Logger;
  pollMs?: number;
}): Promise<Relay> {
  const { knex, client, connection, config, logger, pollMs = leftPollMs } = options;
  return new Relay({
    knex,
    client: client.workflow,
    logger,
    timing: timingFrom(config),
    runbooksUrl: config.RUNBOOKS_URL,
    searchable: await searchable(connection, config.TEMPORAL_NAMESPACE, logger),
    pollMs,
    eventsMax: config.BATCH_ORDERS_MAX,
  });
}
