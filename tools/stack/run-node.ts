import { spawnBound } from './bound-process';
import { readSettings } from './settings';

/** Runs a Node program in a folder, all its output on stderr, and answers its exit code. */
export function runNode(args: string[], folder: string): Promise<number> {
  const { environment } = readSettings();
  const child = spawnBound(
    { program: process.execPath, args, cwd: folder, env: environment },
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
