import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { Config } from './config';
import { Relay } from './relay';
import { searchable } from './search-attributes';
import { timingFrom, timingSettings } from './timing';

/** The settings of a process that has a relay. */
export const relaySettings = [...timingSettings, 'RUNBOOKS_URL'] as const;

/** What a service says itself wakes its relay: it looks only for what a process before it left. */
const leftPollMs = 1_000;

/**
 * The order service's relay also sends what the API has written, which cannot wake it: an order
 * waits half of this on average, and an idle shop costs ten reads of an empty index a second.
 */
export const placedPollMs = 100;

/** The relay of a service's process, handing over from this moment on. */
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
  });
}
