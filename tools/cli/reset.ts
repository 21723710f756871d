import { existsSync, rmSync } from 'node:fs';
import { Command } from 'commander';
import { runScript } from '../stack/entry';
import { endLeftovers } from '../stack/leftovers';
import { takeLock } from '../stack/lock';
import { askRestart } from '../stack/restart';
import { dataFolderOf } from '../stack/servers';
import { readSettings } from '../stack/settings';
import { readLiveState, stackLockPath } from '../stack/state';

/** Returns this clone's stack to the seeded world, whether it runs or not. */
async function main(): Promise<number> {
  new Command('npm run reset')
    .description('Throws away all orders and workflows, and returns to the seeded world.')
    .parse();
  const settings = readSettings();
  const lock = takeLock(stackLockPath(settings.localFolder));
  if (!lock) {
    await askRestart(settings.localFolder, { reset: true });
    say('All orders, balances and workflows are thrown away; the stack runs in the seeded world.');
    return 0;
  }
  try {
    await endLeftovers(readLiveState(settings.localFolder)?.processes ?? []);
    const folder = dataFolderOf(settings);
    const hadData = existsSync(folder);
    rmSync(folder, { recursive: true, force: true });
    say(
      hadData
        ? 'The stack does not run. Its data are removed: the next start makes the seeded world.'
        : 'The stack does not run, and has no data: the next start makes the seeded world.',
    );
  } finally {
    lock.release();
  }
  return 0;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

runScript(main);
