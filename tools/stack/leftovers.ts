import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { endProcess, isAlive } from './bound-process';
import { startOf } from './lock';
import type { ProcessRecord } from './state';

const graceMs = 10_000;

/**
 * Ends processes that a killed supervisor left behind, and answers their names. A process id may
 * have been given to somebody else since: one is ended only when it began when ours did and its
 * command line holds what only ours holds.
 */
export async function endLeftovers(records: ProcessRecord[]): Promise<string[]> {
  const left = records.filter(isOurs);
  await Promise.all(left.map(({ pid }) => endProcess(pid ?? 0, graceMs)));
  return left.map(({ name }) => name);
}

function isOurs({ pid, startedAt, marker }: ProcessRecord): boolean {
  if (pid === null || !isAlive(pid)) return false;
  return startOf(pid) === startedAt && commandLine(pid).includes(marker);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // No /proc: macOS.
  }
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
