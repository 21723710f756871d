import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive } from './bound-process';

/** Who holds a lock: a process id alone may have been given to another process since. */
interface Holder {
  pid: number;
  /** When the process began, in the system's own unit; empty where the system does not tell. */
  startedAt: string;
}

/** A lock held by this process. */
export interface HeldLock {
  release(): void;
}

/**
 * Takes the lock file for this process, or answers undefined when a living process holds it. A
 * lock whose process is dead is taken over; the file appears whole or not at all.
 */
export function takeLock(path: string): HeldLock | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const mine: Holder = { pid: process.pid, startedAt: startOf(process.pid) };
  const draft = `${path}.${String(process.pid)}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (linked(draft, path))
        return {
          release: () => {
            rmSync(path, { force: true });
          },
        };
      if (lockHolder(path) !== undefined) return undefined;
      moveStaleAway(path);
    }
    return undefined;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The process id of the living holder of a lock, or undefined when nobody holds it. */
export function lockHolder(path: string): number | undefined {
  const holder = readHolder(path);
  if (!holder || !isAlive(holder.pid)) return undefined;
  return startOf(holder.pid) === holder.startedAt ? holder.pid : undefined;
}

/**
 * When a process began, so that a process id that was given again is not mistaken for the old
 * process. Empty where there is no /proc.
 */
export function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The name, in parentheses, may hold spaces: fields are counted from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Another process may have taken the lock since it was read: then that one is put back. */
function moveStaleAway(path: string): void {
  const aside = `${path}.stale.${String(process.pid)}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (lockHolder(aside) !== undefined) linked(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
