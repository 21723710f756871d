import { spawnBound } from './bound-process';
import { cloneFolder, readSettings } from './settings';

/** Runs jest on this clone, all its output on stderr, and answers its exit code. */
export function runJest(args: string[]): Promise<number> {
  const { environment } = readSettings();
  const jest = require.resolve('jest/bin/jest');
  const child = spawnBound(
    { program: process.execPath, args: [jest, ...args], cwd: cloneFolder, env: environment },
    // jest's own stdout carries nothing but the name of the result file.
    ['inherit', 2, 2],
    'ours',
  );
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGINT', pass).on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
