import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { Command } from 'commander';
import { runScript } from '../stack/entry';
import { firstCustomer } from '../stack/first-order';
import { endLeftovers } from '../stack/leftovers';
import { takeLock } from '../stack/lock';
import { choosePorts } from '../stack/ports';
import { takeRestartRequest } from '../stack/restart';
import { dataFolderOf, ensurePrograms } from '../stack/servers';
import { readSettings, type StackSettings } from '../stack/settings';
import { Stack } from '../stack/stack';
import { completePasswords, completeXa, newStackFile, readStackFile } from '../stack/stack-file';
import { mysqlServers, writeStackFile, type StackFile } from '../stack/stack-file';
import { describeStack, readLiveState, stackLockPath } from '../stack/state';
import { startingState, writeLiveState } from '../stack/state';
import { StoppedError } from '../stack/supervisor';
import { Terminal } from '../stack/terminal';

async function main(): Promise<number> {
  const options = new Command('npm start --')
    .description('Starts the whole stack of this clone, and stays until Ctrl-C.')
    .option('--separate-databases', 'a MySQL server for each service instead of one for all')
    .option('--no-separate-databases', 'one MySQL server for all: what is done without either')
    .parse()
    .opts<{ separateDatabases?: boolean }>();
  const settings = readSettings();
  const lock = takeLock(stackLockPath(settings.localFolder));
  const terminal = new Terminal();
  if (!lock) {
    sayAlreadyRunning(settings, terminal);
    return 0;
  }
  const code = await runUntilStopped(settings, options.separateDatabases, terminal);
  lock.release();
  // A start that was given up may still wait for something.
  process.exit(code);
}

async function runUntilStopped(
  settings: StackSettings,
  separate: boolean | undefined,
  terminal: Terminal,
): Promise<number> {
  let stack: Stack | undefined;
  const stopped = stopSignal();
  const starting = assemble(settings, separate, terminal).then(async (assembled) => {
    stack = assembled.stack;
    const orderId = await assembled.stack.up();
    terminal.say(`✓ A first order, ${orderId}, is COMPLETED`);
    sayHowToUse(assembled.file, settings, terminal);
    process.on('SIGUSR2', () => {
      const request = takeRestartRequest(settings.localFolder);
      if (request) void assembled.stack.restart(request);
    });
  });
  const failure = await Promise.race([stopped, starting.then(() => stopped)]).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof Error && !(failure instanceof StoppedError)) terminal.say(failure.message);
  terminal.endProgress();
  terminal.say('Stopping …');
  starting.catch(() => undefined);
  await stack?.down();
  terminal.say('Everything is stopped; the data are kept.');
  return failure === undefined ? 0 : 1;
}

/** What a stack is made of: its file, its ports and its programs. Nothing runs yet. */
async function assemble(
  settings: StackSettings,
  separate: boolean | undefined,
  terminal: Terminal,
): Promise<{ stack: Stack; file: StackFile }> {
  const { localFolder } = settings;
  const left = await endLeftovers(readLiveState(localFolder)?.processes ?? []);
  if (left.length > 0) terminal.say(`Ended what an earlier stack left: ${left.join(', ')}`);
  writeLiveState(localFolder, startingState());
  const last = readStackFile(localFolder);
  const separateDatabases = chooseSeparation(settings, last, separate);
  const file = { ...(last ?? newStackFile(separateDatabases)), separateDatabases };
  file.ports = await choosePorts(settings.ports, file.ports, separateDatabases);
  file.userPasswords = completePasswords(file.userPasswords);
  file.xa = completeXa(last?.xa);
  writeStackFile(localFolder, file);
  const programs = await terminal.step('MySQL and Temporal are here', () =>
    ensurePrograms(settings, terminal.progress).finally(() => {
      terminal.endProgress();
    }),
  );
  return { stack: new Stack(settings, file, programs, terminal), file };
}

/**
 * Data stay as they were begun: on one server, or on one a service.
 *
 * @throws Error when the other is asked for and there are data.
 */
function chooseSeparation(
  settings: StackSettings,
  last: StackFile | undefined,
  asked: boolean | undefined,
): boolean {
  const before = last?.separateDatabases ?? false;
  const hasData = hasMysqlData(dataFolderOf(settings), before);
  if (!hasData) return asked ?? false;
  if (asked === undefined || asked === before) return before;
  const servers = before ? 'a MySQL server for each service' : 'one MySQL server';
  throw new Error(
    `The data of this clone are on ${servers}; to change that, throw them away first with ` +
      '`npm run reset`.',
  );
}

function hasMysqlData(dataFolder: string, separate: boolean): boolean {
  try {
    const entries = readdirSync(dataFolder);
    return mysqlServers(separate).some(({ name }) => entries.includes(name));
  } catch {
    return false;
  }
}

/**
 * Resolves at the first signal to stop. A later one changes nothing: every process has a limit to
 * its end, and what is killed before that would leave callers without an answer.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        resolve();
      });
    }
  });
}

function sayAlreadyRunning(settings: StackSettings, terminal: Terminal): void {
  const file = readStackFile(settings.localFolder);
  const phase = readLiveState(settings.localFolder)?.phase ?? 'starting';
  terminal.say(`The stack of this clone already runs (${phase}).`);
  if (!file) return;
  const { apiUrl, temporal } = describeStack(file);
  terminal.say(`  API          ${apiUrl}\n  Temporal UI  ${temporal.uiUrl}`);
}

function sayHowToUse(file: StackFile, settings: StackSettings, terminal: Terminal): void {
  const { apiUrl, temporal } = describeStack(file);
  const elsewhere = settings.environment['LOCAL_DIR'];
  const npm = `${elsewhere ? `LOCAL_DIR=${elsewhere} ` : ''}npm run -s`;
  const rows = [
    ['API', apiUrl],
    ['Temporal UI', temporal.uiUrl],
    ['Data and logs', relative(process.cwd(), settings.localFolder)],
  ] as const;
  terminal.say('');
  for (const [name, value] of rows) terminal.say(`  ${name.padEnd(14)} ${value}`);
  terminal.say(`
Try it, as a customer (for staff: --role viewer, operator or approver):

  TOKEN=$(${npm} token -- --customer ${firstCustomer})
  curl -s -X POST ${apiUrl}/orders -H "Authorization: Bearer $TOKEN" \\
    -H "Idempotency-Key: my-first" -H 'Content-Type: application/json' \\
    -d '{"items":[{"productId":"p-0001","quantity":1}]}'
  curl -s -X POST ${apiUrl}/orders/<orderId>/place -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' -d '{}'

Ctrl-C stops everything; the data are kept.`);
}

runScript(main);
