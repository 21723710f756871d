import { rm } from 'node:fs/promises';
import { goneWithin } from '../../tools/stack/bound-process';
import type { StartedServers } from './global-setup';

const goneMsMax = 5_000;

/** Ends the servers of the run and removes their data. */
export default async function globalTeardown(): Promise<void> {
  const text = process.env['TEST_SERVERS_STARTED'];
  if (!text) return;
  const { pids, folder } = JSON.parse(text) as StartedServers;
  for (const pid of pids) {
    // Their data are not kept, so they need no time to tidy up.
    process.kill(pid, 'SIGKILL');
  }
  await Promise.all(pids.map((pid) => goneWithin(pid, goneMsMax)));
  await rm(folder, { recursive: true, force: true });
}
