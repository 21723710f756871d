import { findCell, type DeclaredCell } from '../../matrix/cells';
import { runCells, type RunResult } from '../../matrix/run';
import { shortOfStock } from '../../matrix/scenarios';
import { startStack, type MatrixStack } from '../../matrix/stack';
import type { Step } from '../../matrix/step';
import { mutants } from './mutants';

/** Who tests the tester: what each cell must notice, and that it notices nothing where nothing is. */

let stack: MatrixStack;

beforeAll(async () => {
  stack = await startStack(() => undefined, { separateDatabases: false });
}, 90_000);

afterAll(() => stack.close(), 30_000);

async function run(cell: DeclaredCell): Promise<RunResult | undefined> {
  return (await runCells(stack, [cell], () => undefined))[0];
}

function changed(step: string, fault: string, changes: Partial<Step>): DeclaredCell {
  const cell = findCell('saga', step, fault);
  return { ...cell, step: { ...cell.step, ...changes } };
}

it.each(mutants)(
  'the cell that is to notice "$what" holds of the code as it is',
  async ({ protocol, step, fault }) => {
    expect(await run(findCell(protocol, step, fault))).toMatchObject({ ok: true });
  },
  60_000,
);

const noOther = 'another that never comes';
const wrongs: { what: string; cell: DeclaredCell; symptom: RegExp }[] = [
  {
    what: 'a fault that never fired',
    cell: changed('deductStock', 'fails', { enter: new RegExp(noOther) }),
    symptom: /The fault did not fire: .* never came to "begin"/,
  },
  {
    what: 'a fault at the COMMIT of another transaction',
    cell: changed('deductStock', 'reply lost', { effect: new RegExp(noOther) }),
    symptom: /What was caught is not deductStock/,
  },
  {
    what: 'a fault at the beginning of another transaction',
    cell: changed('deductStock', 'fails', { effect: new RegExp(noOther) }),
    symptom: /in vain: what was caught is seen to be deductStock/,
  },
  {
    what: 'an order that ends otherwise than promised',
    cell: changed('restoreStock', 'fails', {
      scenario: {
        ...findCell('saga', 'restoreStock', 'fails').step.scenario,
        orders: [{ kind: 'short-of-points', end: shortOfStock.end }],
      },
    }),
    symptom: /is CANCELLED insufficient-points and was promised to be CANCELLED insufficient-stock/,
  },
  {
    what: 'an alert of another kind than promised',
    cell: changed('holdOrders', 'fails', {
      scenario: {
        ...findCell('saga', 'holdOrders', 'fails').step.scenario,
        orders: [{ kind: 'broken', end: { status: 'PENDING', alert: 'event-parked' } }],
      },
    }),
    symptom: /in vain: the open alerts are: .* event-parked/,
  },
];

it.each(wrongs)(
  'notices $what',
  async ({ cell, symptom }) => {
    const error = expect.stringMatching(symptom) as string;
    expect(await run(cell)).toMatchObject({ ok: false, error });
  },
  60_000,
);
