import { closeSync, openSync, readFileSync } from 'node:fs';
import { spawnBound, type ServerCommand } from '../../tools/stack/bound-process';
import { lastLines } from '../../tools/stack/command';

/** How a server is started, and how one knows that it is up. */
export interface StartOptions {
  name: string;
  command: ServerCommand;
  logFile: string;
  answers: () => Promise<boolean>;
  /** Given up after this long. */
  msMax: number;
}

const pollMs = 50;

/**
 * Starts a server and waits until it answers; it ends with this process. For those who need one
 * and no supervision.
 *
 * @returns its process id.
 * @throws Error with the last lines of its log when it ends, or does not answer in time.
 */
export async function startServer(options: StartOptions): Promise<number> {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawnBound(options.command, ['ignore', log, log], 'own');
  closeSync(log);
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => (failure = `it ended with ${String(code ?? signal)}`));
  const deadline = Date.now() + options.msMax;
  for (;;) {
    if (await options.answers()) break;
    if (Date.now() > deadline) failure ??= `it did not answer in ${String(options.msMax)} ms`;
    if (failure) {
      child.kill('SIGKILL');
      const log = lastLines(readFileSync(options.logFile, 'utf8'));
      throw new Error(`${options.name} did not start: ${failure}. Its log ends with:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  child.unref();
  return child.pid ?? 0;
}
