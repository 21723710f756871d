import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createOrderActivities } from '../../activities/order/activities';
import { createOrderReactions } from '../../activities/order/reactions';
import {
  createParticipantActivities,
  createParticipantReactions,
} from '../../activities/participant/activities';
import { openXa } from '../../activities/participant/branch-connection';
import { openDatabase, silentMsMax } from '../../activities/database/connection';
import { branchQueueOf, waitingQueueOf } from '../../contracts/names';
import type { ParticipantName, RegisteredParticipant } from '../../contracts/participants';
import type { Config, SettingName } from './config';
import { Lookout, lookoutSettings } from './lookout';
import { createAskOwners } from './open-owners';
import { branchSlots, participantPoolMax, waitingSlots } from './pools';
import { placedPollMs, relayOf, relaySettings } from './relay-of';

/** A service in a process: its steps on its database, its relay and its lookout. */

const serviceSettings = [
  ...relaySettings,
  ...lookoutSettings,
  'TEMPORAL_NAMESPACE',
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
] as const;

/** The settings of a process with the order service, besides the database URL. */
export const orderSettings = [...serviceSettings, 'REGISTRY_RETRY_MS'] as const;

/** The settings of a process with a participant, besides the URLs of its two users. */
export const participantSettings = [...serviceSettings, 'XA_SECRET', 'XA_INSTALLATION'] as const;

/** What a service gets from its process. */
interface Surroundings<K extends SettingName> {
  client: Client;
  connection: NativeConnection;
  config: Config<K>;
  logger: Logger;
}

/** The order service. */
export async function openOrderService(
  { url, poolMax }: { url: string; poolMax: number },
  around: Surroundings<(typeof orderSettings)[number]>,
) {
  const { client, config, logger } = around;
  const knex = openDatabase({ url, poolMax, lockWaitSMax: config.LOCK_WAIT_S_MAX, silentMsMax });
  const relay = await relayOf({ ...around, knex, pollMs: placedPollMs });
  const steps = createOrderActivities({
    knex,
    askOwners: createAskOwners(client.workflow),
    registryRetryMs: config.REGISTRY_RETRY_MS,
  });
  const lookout = new Lookout({ client, config, logger, findWork: steps.findOrderWork });
  return {
    activities: { ...steps, ...createOrderReactions(knex, relay.wake) },
    close: async () => {
      await Promise.all([lookout.close(), relay.close()]);
      await knex.destroy();
    },
  };
}

/**
 * A participant.
 *
 * @returns its activities, and the workers beside its own, each with a queue and slots of its own:
 *   one ends branches, one runs steps that wait for locked rows. All share the same pools, which are
 *   larger by that many connections
 */
export async function openParticipant(
  participant: RegisteredParticipant,
  urls: { worker: string; recovery: string },
  around: Surroundings<(typeof participantSettings)[number]>,
) {
  const { client, config, logger } = around;
  const common = {
    poolMax: participantPoolMax(config.ACTIVITY_SLOTS),
    lockWaitSMax: config.LOCK_WAIT_S_MAX,
    silentMsMax,
  };
  const knex = openDatabase({ ...common, url: urls.worker });
  const xa = openXa({
    worker: { ...common, url: urls.worker },
    recovery: { ...common, url: urls.recovery },
    secret: config.XA_SECRET,
    installation: config.XA_INSTALLATION,
  });
  const relay = await relayOf({ ...around, knex });
  const steps = createParticipantActivities(participant, knex, xa);
  const { findWork, xa: xaSteps } = participant.steps;
  const lookout = new Lookout({ client, config, logger, findWork: steps[findWork] });
  const activities = { ...steps, ...createParticipantReactions(participant, knex, relay.wake) };
  const { [xaSteps.commit]: commit, [xaSteps.rollback]: rollback } = steps;
  return {
    activities,
    beside: [
      {
        taskQueue: branchQueueOf(participant.name),
        activities: { [xaSteps.commit]: commit, [xaSteps.rollback]: rollback },
        maxConcurrentActivityTaskExecutions: branchSlots,
      },
      waitingWorker(participant.name, activities),
    ],
    close: async () => {
      await Promise.all([lookout.close(), relay.close()]);
      await Promise.all([knex.destroy(), xa.close()]);
    },
  };
}

/** The worker of the steps that wait for locked rows. */
export function waitingWorker(service: ParticipantName | 'lock', activities: object) {
  return {
    taskQueue: waitingQueueOf(service),
    activities,
    maxConcurrentActivityTaskExecutions: waitingSlots,
    // Almost always idle.
    maxConcurrentActivityTaskPolls: 2,
  };
}
