import { join } from 'node:path';
import type * as CellsModule from '../../tools/matrix/cells';
import type * as RunModule from '../../tools/matrix/run';
import type * as StackModule from '../../tools/matrix/stack';
import { mutate } from '../mutants/mutate';
import { mutants, type Mutant } from './mutants';

// tester.long.test.ts shows that the same cells hold for the real code in the same harness.

const besides = ['api', 'audit', 'docs/runbooks', 'migrations', 'tools'];
/** Each has its own stack, and mostly waits until the time limit. */
const atOnce = 2;
const results = new Map<string, unknown>();

beforeAll(async () => {
  const queue = [...mutants];
  const runner = async () => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      results.set(mutant.what, await run(mutant).catch(String));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
}, 300_000);

async function run({ protocol, step, fault, mutations }: Mutant): Promise<unknown> {
  const mutant = mutate(mutations, besides);
  try {
    const file = (name: string) => join(mutant.folder, 'tools', 'matrix', name);
    const { findCell } = jest.requireActual<typeof CellsModule>(file('cells'));
    const { runCells } = jest.requireActual<typeof RunModule>(file('run'));
    const { startStack } = jest.requireActual<typeof StackModule>(file('stack'));
    // One server starts faster than three, and none of these cells stops one.
    const stack = await startStack(() => undefined, false);
    try {
      const cells = [findCell(protocol, step, fault)];
      const [result] = await runCells(stack, cells, () => undefined);
      return result;
    } finally {
      await stack.close();
    }
  } finally {
    mutant.remove();
  }
}

it.each(mutants)('notices $what', ({ what, symptom }) => {
  const error = expect.stringMatching(symptom) as string;
  expect(results.get(what)).toMatchObject({ ok: false, error });
});
