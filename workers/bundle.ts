import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

const root = join(__dirname, '..');
/** Beside the packages, where every copy of the code that uses them finds it. */
const packages = require.resolve('@temporalio/worker/package.json').split('@temporalio')[0] ?? root;
const cache = join(packages, '.cache', 'workflow-bundle');
/** What a bundle is made of: our code, and the libraries as the lock file pins them. */
const ingredients = ['workflows', 'contracts', 'package-lock.json'];

/**
 * The workflows as one script for the worker's isolate. Bundling takes seconds, so the result is
 * kept under a hash of what it was made of, for the workers and the tests alike.
 */
export async function workflowBundle(): Promise<{ code: string }> {
  const file = join(cache, `${hashOf(ingredients)}.js`);
  if (existsSync(file)) return { code: readFileSync(file, 'utf8') };
  const { code }: WorkflowBundleWithSourceMap = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: { ...silent },
  });
  mkdirSync(cache, { recursive: true });
  // Written aside and renamed, so that a process that starts meanwhile never reads half of it.
  const partial = `${file}.${String(process.pid)}`;
  writeFileSync(partial, code);
  renameSync(partial, file);
  return { code };
}

function hashOf(names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names) {
    const path = join(root, name);
    const files = name.includes('.')
      ? [path]
      : readdirSync(path, { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts'))
          .sort()
          .map((file) => join(path, file));
    for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

const ignore = () => undefined;
const silent = {
  log: ignore,
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};
