import { Command } from 'commander';
import { goneWithin } from './stack/bound-process';
import { runScript } from './stack/entry';
import { readSettings } from './stack/settings';
import { NoStackError, stackPid } from './stack/state';

/** Above the sum of what its processes may take to end in order. */
const stopMsMax = 150_000;

/** Ends the stack of this clone, wherever it was started, and waits until it is gone. */
async function main(): Promise<number> {
  new Command('npm run stop --').description('Ends the stack of this clone.').parse();
  const pid = stackPid(readSettings().localFolder);
  if (pid === undefined) throw new NoStackError('No stack of this clone is running.');
  process.kill(pid, 'SIGTERM');
  if (await goneWithin(pid, stopMsMax)) {
    process.stdout.write('The stack is stopped; its data are kept.\n');
    return 0;
  }
  throw new Error(`The stack, process ${String(pid)}, has not ended in 150 s.`);
}

runScript(main);
