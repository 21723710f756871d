import { openXa, type XaConnections } from '../activities/participant/branch-connection';
import { silentMsMax } from '../activities/transaction/connection';
import type { ParticipantActivities } from '../contracts/participants/activities';
import type { Config } from './config';
import { branchSlots, participantPoolMax } from './pools';

/** What a participant's process must be told for XA, beside the URLs of its two users. */
export const xaSettings = [
  'XA_SECRET',
  'XA_INSTALLATION',
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
] as const;

/**
 * The worker that ends a participant's branches. Its connections come from the same pools, which
 * must have so many more than there are slots for other steps.
 */
export function branchWorker(taskQueue: string, activities: Partial<BranchEnds>) {
  return { taskQueue, activities, maxConcurrentActivityTaskExecutions: branchSlots };
}

type BranchEnds = ParticipantActivities;

/** A participant's way to its server for XA, as the process is configured. */
export function xaFrom(
  config: Config<(typeof xaSettings)[number]>,
  urls: { worker: string; recovery: string },
): XaConnections {
  const common = {
    poolMax: participantPoolMax(config.ACTIVITY_SLOTS),
    lockWaitSMax: config.LOCK_WAIT_S_MAX,
    silentMsMax,
  };
  return openXa({
    worker: { ...common, url: urls.worker },
    recovery: { ...common, url: urls.recovery },
    secret: config.XA_SECRET,
    installation: config.XA_INSTALLATION,
  });
}
