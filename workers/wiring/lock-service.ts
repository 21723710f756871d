import { createLockActivities } from '../../activities/lock/activities';
import { openDatabase, silentMsMax } from '../../activities/database/connection';
import { byParticipant, participants } from '../../contracts/participants';
import type { LockActivities } from '../../contracts/steps';
import { type Config, lockSettingOf } from './config';
import { lockPoolMax } from './pools';
import { waitingWorker } from './services';

/** The settings of pattern `lock`: a connection that reaches all databases. */
export const lockSettings = [
  'LOCK_DATABASE_URL',
  ...participants.map(({ name }) => lockSettingOf(name)),
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
] as const;

/**
 * Opens the activity of pattern `lock` on a pool of its own, with the worker of its steps that wait
 * and a function to close it.
 */
export function openLock(config: Config<(typeof lockSettings)[number]>): {
  activities: LockActivities;
  waiting: ReturnType<typeof waitingWorker>;
  close: () => Promise<void>;
} {
  const knex = openDatabase({
    url: config.LOCK_DATABASE_URL,
    poolMax: lockPoolMax(config.ACTIVITY_SLOTS),
    lockWaitSMax: config.LOCK_WAIT_S_MAX,
    silentMsMax,
  });
  const databases = byParticipant(({ name }) => config[lockSettingOf(name)]);
  const activities = createLockActivities({ knex, databases });
  return {
    activities,
    waiting: waitingWorker('lock', activities),
    close: () => knex.destroy(),
  };
}
