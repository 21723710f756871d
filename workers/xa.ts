import { openXa, type XaConnections } from '../activities/transaction/branch-connection';
import { silentMsMax } from '../activities/transaction/connection';
import type { Config } from './config';

/** What a participant's process must be told for XA, beside the URLs of its two users. */
export const xaSettings = [
  'XA_SECRET',
  'XA_INSTALLATION',
  'ACTIVITY_SLOTS',
  'LOCK_WAIT_S_MAX',
] as const;

/** A participant's way to its server for XA, as the process is configured. */
export function xaFrom(
  config: Config<(typeof xaSettings)[number]>,
  urls: { worker: string; recovery: string },
): XaConnections {
  const common = {
    poolMax: config.ACTIVITY_SLOTS,
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
