import { Command } from 'commander';
import { lameDuckMsMax, stopMsMaxOf } from '../../workers/wiring/stopping';
import { goneWithin } from '../stack/bound-process';
import { runScript } from '../stack/entry';
import { mysqlStopMsMax, temporalStopMsMax } from '../stack/servers';
import { readSettings } from '../stack/settings';
import { NoStackError, stackPid } from '../stack/state';

/** What its processes may take to end in order, group after group, and a second for each. */
const stopMsMax =
  stopMsMaxOf.api(lameDuckMsMax) + stopMsMaxOf.worker + temporalStopMsMax + mysqlStopMsMax + 4_000;

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
  throw new Error(
    `The stack, process ${String(pid)}, has not ended in ${String(stopMsMax / 1_000)} s.`,
  );
}

runScript(main);
