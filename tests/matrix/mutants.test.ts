import { join } from 'node:path';
import type * as CellsModule from '../../matrix/cells';
import type * as RunModule from '../../matrix/run';
import type * as StackModule from '../../matrix/stack';
import { mutate, type Mutation } from '../mutants/mutate';

/**
 * The protocol, broken in the ways that it is broken most easily: the matrix must notice each. A
 * mutant runs as the real thing does, in processes of its own.
 */

interface Mutant {
  what: string;
  step: string;
  fault: string;
  /** What the cell says of it. */
  symptom: RegExp;
  mutations: Mutation[];
}

const mutants: Mutant[] = [
  {
    what: 'a compensation that is owed only once its action has answered',
    step: 'deductStock',
    fault: 'late',
    symptom: /auditor found/,
    mutations: [
      {
        file: 'workflows/saga.ts',
        from: "return outcome.kind !== 'rejected' && outcome.kind !== 'cancelled';",
        to: "return outcome.kind === 'done';",
      },
    ],
  },
  {
    what: 'a compensation that leaves no tombstone',
    step: 'deductStock',
    fault: 'late',
    symptom: /auditor found/,
    mutations: [
      {
        file: 'activities/transaction/once.ts',
        from: '...early.map((command) => entryOf(barrier, barrier.undoes, command)),',
        to: '',
      },
      {
        file: 'activities/transaction/once.ts',
        from: '[...early.map(() => cancelled), ',
        to: '[',
      },
    ],
  },
  {
    what: 'a registry that is not waited for, and is lost with the workflow',
    step: 'registerCompensations',
    fault: 'workflow’s worker killed',
    symptom: /never came|in vain|promised/,
    mutations: [
      {
        file: 'workflows/saga.ts',
        from: 'if (failed.length > 0) await this.order.registerCompensations(failed);',
        to: 'if (failed.length > 0) void this.order.registerCompensations(failed);',
      },
    ],
  },
  {
    what: 'a claim that does not exclude another',
    step: 'claim',
    fault: 'twice at once',
    symptom: /promised to be COMPLETED|auditor found|in vain/,
    mutations: [
      {
        file: 'activities/order/intake.ts',
        from: ") AND status = 'CREATED'`,",
        to: ')`,',
      },
    ],
  },
  {
    what: 'a rejection that is thrown, and takes its neighbours with it',
    step: 'usePoints ×40',
    fault: 'fails',
    symptom: /is CANCELLED unavailable and was promised to be/,
    mutations: [
      {
        file: 'activities/product/steps.ts',
        from: "return { kind: 'rejected', code: 'insufficient-stock' };",
        to: "throw new Error('insufficient stock');",
      },
    ],
  },
];

it.each(mutants)(
  'notices $what',
  async ({ step, fault, symptom, mutations }) => {
    const mutant = mutate(mutations, [
      'api',
      'audit',
      'docs/runbooks',
      'matrix',
      'migrations',
      'scripts',
    ]);
    const file = (name: string) => join(mutant.folder, 'matrix', name);
    const { runnableCells } = jest.requireActual<typeof CellsModule>(file('cells'));
    const { runCells } = jest.requireActual<typeof RunModule>(file('run'));
    const { startStack } = jest.requireActual<typeof StackModule>(file('stack'));
    const cell = runnableCells().find((one) => one.step.name === step && one.fault.name === fault);
    if (!cell) throw new Error(`The matrix has no cell ${step}: ${fault}`);
    // One server is up sooner than three, and no cell of these stops one.
    const stack = await startStack(() => undefined, { separateDatabases: false });
    try {
      const [result] = await runCells(stack, [cell], () => undefined);
      expect(result).toMatchObject({ ok: false, error: expect.stringMatching(symptom) as string });
    } finally {
      await stack.close();
      mutant.remove();
    }
  },
  90_000,
);
