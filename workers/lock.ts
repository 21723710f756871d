import { createLockActivities } from '../activities/lock/activities';
import { openDatabase, silentMsMax } from '../activities/transaction/connection';
import type { LockActivities } from '../contracts/steps';
import type { Config } from './config';

/** What the baseline's transaction needs: one connection that reaches all three databases. */
export const lockSettings = [
  'LOCK_DATABASE_URL',
  'LOCK_PRODUCT_DATABASE',
  'LOCK_POINT_DATABASE',
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
] as const;

/** The baseline's activity on a pool of its own, and how to close that. */
export function openLock(config: Config<(typeof lockSettings)[number]>): {
  activities: LockActivities;
  close: () => Promise<void>;
} {
  const knex = openDatabase({
    url: config.LOCK_DATABASE_URL,
    poolMax: config.ACTIVITY_SLOTS,
    lockWaitSMax: config.LOCK_WAIT_S_MAX,
    silentMsMax,
  });
  const databases = { product: config.LOCK_PRODUCT_DATABASE, point: config.LOCK_POINT_DATABASE };
  return {
    activities: createLockActivities({ knex, databases }),
    close: () => knex.destroy(),
  };
}
