import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloneFolder, readSettings } from '../stack/settings';

/** The change that docs/adding-a-participant.md shows: the whole of a third participant. */
export function readChange(): { page: string; change: string } {
  const page = readFileSync(join(cloneFolder, 'docs', 'adding-a-participant.md'), 'utf8');
  const [, change = ''] = /```diff\n([\s\S]*?)```/.exec(page) ?? [];
  return { page, change };
}

/**
 * Copies the tree, applies the change, and answers the copy's folder, which its user removes.
 *
 * @throws Error when the change does not fit the tree
 */
export function copyWith(change: string): string {
  const local = join(cloneFolder, '.local');
  mkdirSync(local, { recursive: true });
  // Inside the clone, so that its packages are found.
  const copy = mkdtempSync(join(local, 'extension-'));
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: cloneFolder, encoding: 'utf8' });
  for (const file of files.split('\0').filter((one) => one !== '')) {
    cpSync(join(cloneFolder, file), join(copy, file), { recursive: true });
  }
  const patch = join(copy, 'participant.diff');
  writeFileSync(patch, change);
  // The copy is no part of the clone's repository: paths count from the copy.
  const env = { ...readSettings().basicEnvironment, GIT_CEILING_DIRECTORIES: local };
  execFileSync('git', ['apply', patch], { cwd: copy, env, stdio: 'pipe' });
  return copy;
}
