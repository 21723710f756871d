import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './bound-process';

/** Tells a person what is going on; `fraction`, 0 to 1, when it is known how far it has come. */
export type Progress = (news: { what: string; fraction?: number }) => void;

/**
 * Fills a folder once: `build` works in a temporary one beside it, which is renamed at the end. So
 * a folder that exists is complete whatever was killed, and of two processes that fill it at once
 * the second to finish throws its own away and uses the other's.
 */
export async function installOnce(
  folder: string,
  build: (temporary: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent, basename(folder));
  const temporary = await mkdtemp(join(parent, `.${basename(folder)}.${String(process.pid)}.`));
  try {
    await build(temporary);
    await rename(temporary, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes from `parent` the folders `.<name>.<pid>.<random>` of processes that were killed. */
export async function removeAbandoned(parent: string, name: string): Promise<void> {
  const prefix = `.${name}.`;
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(prefix)) continue;
    const pid = Number(entry.slice(prefix.length).split('.')[0]);
    if (!pid || isAlive(pid)) continue;
    await rm(join(parent, entry), { recursive: true, force: true });
  }
}
