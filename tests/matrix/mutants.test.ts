import { join } from 'node:path';
import type * as CellsModule from '../../matrix/cells';
import type * as RunModule from '../../matrix/run';
import type * as StackModule from '../../matrix/stack';
import { mutate } from '../mutants/mutate';
import { mutants } from './mutants';

// That the same cells hold of the code as it is, in the same harness, is shown by tester.test.ts.
it.each(mutants)(
  'notices $what',
  async ({ protocol, step, fault, symptom, mutations }) => {
    const mutant = mutate(mutations, [
      'api',
      'audit',
      'docs/runbooks',
      'matrix',
      'migrations',
      'scripts',
    ]);
    const file = (name: string) => join(mutant.folder, 'matrix', name);
    const { findCell } = jest.requireActual<typeof CellsModule>(file('cells'));
    const { runCells } = jest.requireActual<typeof RunModule>(file('run'));
    const { startStack } = jest.requireActual<typeof StackModule>(file('stack'));
    // One server is up sooner than three, and no cell of these stops one.
    const stack = await startStack(() => undefined, { separateDatabases: false });
    try {
      const cells = [findCell(protocol, step, fault)];
      const [result] = await runCells(stack, cells, () => undefined);
      expect(result).toMatchObject({ ok: false, error: expect.stringMatching(symptom) as string });
    } finally {
      await stack.close();
      mutant.remove();
    }
  },
  90_000,
);
