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

const root = join(__dirname, '..', '..');
/** Beside the packages, so every copy of the code that uses them finds it. */
const packages = require.resolve('@temporalio/worker/package.json').split('@temporalio')[0] ?? root;
const cache = join(packages, '.cache', 'workflow-bundle');
/** What the bundle depends on: this code, and the libraries that the lock file pins. */
const ingredients = ['workflows', 'contracts', 'workers/wiring/bundle.ts', 'package-lock.json'];

/**
 * The workflows as one script for the worker's isolate. Bundling takes seconds, so the result is
 * cached under a hash of its ingredients, for workers and tests.
 */
export async function workflowBundle(): Promise<{ code: string }> {
  const file = join(cache, `${hashOf(ingredients)}.js`);
  if (existsSync(file)) return { code: readFileSync(file, 'utf8') };
  const { code }: WorkflowBundleWithSourceMap = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    workflowInterceptorModules: [join(root, 'workflows', 'ui', 'details.ts')],
    logger: { ...silent },
  });
  mkdirSync(cache, { recursive: true });
  // Written to a temporary file and renamed, so no other process reads an incomplete one.
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
