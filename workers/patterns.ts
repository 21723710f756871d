import type { Client } from '@temporalio/client';
import type { ApiDependencies } from '../api/dependencies';
import { createTemporalStarter } from '../api/temporal';
import { taskQueues, workflowTypes } from '../contracts/names';
import type { Config } from './config';

/** The settings that decide how orders travel to the workflows. */
export const patternSettings = [
  'BATCH_ORDERS_MAX',
  'BATCHES_IN_FLIGHT_MAX',
  'RUNBOOKS_URL',
] as const;

/**
 * The patterns that this installation offers, each with what drives its orders.
 *
 * @param eager whether the workflows' worker is in this process, on this client's connection
 */
export function patternsOn(
  client: Client,
  config: Config<(typeof patternSettings)[number]>,
  { eager } = { eager: false },
): ApiDependencies['patterns'] {
  return {
    saga: {
      start: createTemporalStarter(client, {
        pattern: 'saga',
        workflowType: workflowTypes.placeOrders,
        taskQueue: taskQueues.workflow,
        eager,
        runbooksUrl: config.RUNBOOKS_URL,
      }),
      dispatch: {
        ordersMax: config.BATCH_ORDERS_MAX,
        inFlightMax: config.BATCHES_IN_FLIGHT_MAX,
      },
    },
  };
}
