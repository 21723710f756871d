import { runNode } from './run-node';
import { cloneFolder } from './settings';

/**
 * Runs jest on this clone, or on a copy of it, and answers its exit code. jest's own stdout carries
 * nothing but the name of the result file, so that all output may go to stderr.
 */
export function runJest(args: string[], folder = cloneFolder): Promise<number> {
  return runNode([require.resolve('jest/bin/jest'), ...args], folder);
}
