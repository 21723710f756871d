import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readSettings } from '../../tools/stack/settings';

const outputBytesMax = 10_000_000;

/** Runs a program of our packages in the copy; fails with its output. */
export async function runIn(copy: string, program: string, args: string[]): Promise<void> {
  const { basicEnvironment: env } = readSettings();
  const all = [require.resolve(program), ...args];
  try {
    await promisify(execFile)(process.execPath, all, { cwd: copy, env, maxBuffer: outputBytesMax });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}
