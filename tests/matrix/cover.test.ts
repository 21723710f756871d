import { coverOf, runnableCells } from '../../matrix/cells';
import { nameOf } from '../../matrix/cell';
import { faults } from '../../matrix/faults';
import { sagaSteps } from '../../matrix/steps';
import { runCells, type RunResult } from '../../matrix/run';
import { readSettings } from '../../scripts/stack/settings';
import { startStack, type MatrixStack } from '../../matrix/stack';

/** Each fault and each step at least once; all of the matrix when MATRIX=all. */
const cells =
  readSettings().environment['MATRIX'] === 'all' ? runnableCells() : coverOf(runnableCells());
const results: RunResult[] = [];

let stack: MatrixStack;

beforeAll(
  async () => {
    stack = await startStack(() => undefined);
    await runCells(stack, cells, (result) => results.push(result));
  },
  cells.length * 10_000 + 60_000,
);

afterAll(() => stack.close());

it('has each step and each fault at least once', () => {
  expect(new Set(cells.map(({ step }) => step.name))).toEqual(
    new Set(sagaSteps.map(({ name }) => name)),
  );
  expect(new Set(cells.map(({ fault }) => nameOf(fault)))).toEqual(new Set(faults.map(nameOf)));
});

it.each(cells.map(({ step, fault }) => [step.name, nameOf(fault)]))('%s: %s', (step, fault) => {
  const result = results.find((one) => one.step === step && one.fault === fault);
  expect(result).toMatchObject({ ok: true });
});
