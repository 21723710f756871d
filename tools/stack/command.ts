import { isAbsolute } from 'node:path';
import { spawnBound } from './bound-process';
import { findProgram } from './programs';

/** How a command is run to its end. */
export interface CommandOptions {
  /** Said when the program is not there: one sentence with what to do about it. */
  whenMissing: string;
  env: NodeJS.ProcessEnv;
  /** Called with each line of output on stdout, as it comes. */
  onLine?: (line: string) => void;
}

const outputCharsMax = 200_000;
const errorLinesShown = 5;

/**
 * Runs a program to its end and answers what it wrote on stdout.
 *
 * @throws Error with `whenMissing` when there is no such program, or with the last lines of its
 *   output when it fails.
 */
export function runCommand(
  program: string,
  args: string[],
  options: CommandOptions,
): Promise<string> {
  const { env, whenMissing } = options;
  const path = isAbsolute(program) ? [''] : (env['PATH'] ?? '').split(':');
  const found = findProgram(program, path);
  if (!found) return Promise.reject(new Error(whenMissing));
  return new Promise((resolve, reject) => {
    const command = { program: found, args, env };
    const child = spawnBound(command, ['ignore', 'pipe', 'pipe'], 'ours');
    let output = '';
    let errors = '';
    let unfinishedLine = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-outputCharsMax);
      const lines = (unfinishedLine + text).split('\n');
      unfinishedLine = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-outputCharsMax);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(output);
        return;
      }
      const last = lastLines(errors.trim() || output.trim());
      reject(new Error(`${program} ended with ${String(code ?? signal)}: ${last}`));
    });
  });
}

/** The end of a text that may be long: what a person needs to see of a failed program. */
export function lastLines(text: string, count = errorLinesShown): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
