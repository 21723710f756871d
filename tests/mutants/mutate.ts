import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One change that breaks the code on purpose. */
export interface Mutation {
  /** Relative to the project's root. */
  file: string;
  /** Must occur exactly once, or the mutant would be the real code. */
  from: string;
  to: string;
}

const root = join(__dirname, '..', '..');
/** The folders that every mutant needs; the caller adds its own. */
const copied = ['contracts', 'activities', 'workflows', 'workers', 'package-lock.json'];

/**
 * A copy of the code with these changes, inside the project so that its packages resolve. The
 * caller loads the code that must fail from it, and removes it afterwards.
 */
export function mutate(
  mutations: readonly Mutation[],
  besides: readonly string[] = [],
): { folder: string; remove: () => void } {
  mkdirSync(join(root, '.local'), { recursive: true });
  const folder = mkdtempSync(join(root, '.local', 'mutant-'));
  for (const name of [...copied, ...besides]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  for (const { file, from, to } of mutations) {
    const path = join(folder, file);
    const parts = readFileSync(path, 'utf8').split(from);
    if (parts.length !== 2) {
      throw new Error(
        `${file} holds the text to change ${parts.length - 1} times, not once: ${from}`,
      );
    }
    writeFileSync(path, parts.join(to));
  }
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
