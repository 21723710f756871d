import { existsSync, rmSync } from 'node:fs';
import { Command } from 'commander';
import { runScript } from '../stack/entry';
import { endLeftovers } from '../stack/leftovers';
import { takeLock } from '../stack/lock';
import { dataFolderOf } from '../stack/servers';
import { readSettings, type StackSettings } from '../stack/settings';
import { NoStackError, readLiveState, stackLockPath, stackPid } from '../stack/state';

const resetMsMax = 120_000;
const pollMs = 100;

/** Returns this clone's stack to the seeded world, whether it runs or not. */
async function main(): Promise<number> {
  new Command('npm run reset')
    .description('Throws away all orders and workflows, and returns to the seeded world.')
    .parse();
  const settings = readSettings();
  const lock = takeLock(stackLockPath(settings.localFolder));
  if (!lock) {
    await askSupervisor(settings);
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

/** The supervisor holds the servers, so that it does the work, at a signal. */
async function askSupervisor({ localFolder }: StackSettings): Promise<void> {
  const pid = stackPid(localFolder);
  const before = readLiveState(localFolder);
  if (pid === undefined || before?.phase !== 'running') {
    const phase = before?.phase ?? 'starting';
    throw new NoStackError(`The stack of this clone is ${phase}: reset it once it runs.`);
  }
  process.kill(pid, 'SIGUSR2');
  const deadline = Date.now() + resetMsMax;
  while (Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    const now = readLiveState(localFolder);
    if (stackPid(localFolder) === undefined) throw new Error('The stack ended during the reset.');
    if (!now || now.resets.done === before.resets.done) continue;
    if (now.resets.error) throw new Error(`The reset failed: ${now.resets.error}`);
    return;
  }
  throw new Error('The reset is not done after 120 s; `npm run status` says how it stands.');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

runScript(main);
