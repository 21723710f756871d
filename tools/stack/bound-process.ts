import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { findProgram } from './programs';

/** A program to be run as a child of this process. */
export interface ServerCommand {
  program: string;
  args: string[];
  cwd?: string;
  /** The whole environment of the child: nothing is inherited beside it. */
  env: NodeJS.ProcessEnv;
}

const pollMs = 50;
let setpriv: string | undefined | null = null;

/**
 * Starts a child that dies with this process, even when this one is killed: otherwise a SIGKILL
 * would leave servers behind that hold ports and data. Where `setpriv` is missing the next start
 * ends what is left instead. In a
 * process group of its `own` it is spared the terminal's Ctrl-C, so that its parent may end things
 * in order.
 */
export function spawnBound(
  command: ServerCommand,
  stdio: StdioOptions,
  group: 'own' | 'ours',
): ChildProcess {
  if (setpriv === null) setpriv = findProgram('setpriv', ['/usr/bin', '/bin', '/usr/local/bin']);
  const { program, args, cwd, env } = command;
  const options = { stdio, env, detached: group === 'own', ...(cwd && { cwd }) };
  if (!setpriv) return spawn(program, args, options);
  return spawn(setpriv, ['--pdeathsig', 'KILL', '--', program, ...args], options);
}

/** Whether a process of that id runs, a zombie or another user's included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ends a process: SIGTERM, then SIGKILL once `graceMs` have passed. Resolves when it is gone, or
 * after another second when not even SIGKILL ends it.
 */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  signal(pid, 'SIGTERM');
  if (await goneWithin(pid, graceMs)) return;
  signal(pid, 'SIGKILL');
  await goneWithin(pid, 1_000);
}

/** Whether the process of that id ended before `ms` had passed. */
export async function goneWithin(pid: number, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (isAlive(pid)) {
    if (Date.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return true;
}

/** False when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
