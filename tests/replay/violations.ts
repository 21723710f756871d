import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import type * as BundleModule from '../../workers/wiring/bundle';
import { mutate, type Mutation } from '../mutants/mutate';
import { historyOf, recorded, workflowIdOf } from './histories';

/** Those of these histories that this code cannot replay, with what it says of each. */
export async function violations(
  bundle: { code: string },
  names: readonly string[],
): Promise<Map<string, unknown>> {
  let name = '';
  function* histories() {
    for (name of names) yield { workflowId: workflowIdOf(name), history: historyOf(name) };
  }
  const found = new Map<string, unknown>();
  // Replayed one at a time, because their ids may be equal.
  for await (const { error } of Worker.runReplayHistories(
    { workflowBundle: bundle },
    histories(),
  )) {
    if (error) found.set(name, error);
  }
  return found;
}

/** The histories that the changed code cannot replay. */
export async function violationsOf(
  mutations: readonly Mutation[],
  names: readonly string[] = recorded(),
): Promise<Map<string, unknown>> {
  const { folder, remove } = mutate(mutations);
  try {
    const path = join(folder, 'workers/wiring/bundle');
    const { workflowBundle: bundleOf } = jest.requireActual<typeof BundleModule>(path);
    return await violations(await bundleOf(), names);
  } finally {
    remove();
  }
}
