import { ReplayError } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { quietRuntime } from '../support/runtime';
import { compatible, incompatible } from './incompatible';
import { violationsOf } from './violations';

/** Which changes of the workflows the histories notice, and which they accept. */

beforeAll(quietRuntime);

it.each(incompatible)('catches that %s', async (_what, mutation, breaks) => {
  const found = await violationsOf([mutation], breaks);
  expect([...found.keys()]).toEqual(breaks);
  for (const [name, error] of found) {
    // For a missing local activity the SDK throws another class.
    const kinds: unknown[] = [DeterminismViolationError];
    if (name.split('-').includes('local')) kinds.push(ReplayError);
    expect(kinds).toContain((error as Error).constructor);
  }
});

it('accepts an unchanged copy, changed texts, and a patched change', async () => {
  expect(await violationsOf([])).toEqual(new Map());
  expect(await violationsOf(compatible)).toEqual(new Map());
}, 60_000);
