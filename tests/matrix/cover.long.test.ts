import { nameOf } from '../../tools/matrix/cell';
import { coverOf, declaredCells, runnableCells } from '../../tools/matrix/cells';
import { faults } from '../../tools/matrix/faults';
import { runOnStacks, type RunResult } from '../../tools/matrix/run';

/** Each step and each fault at least once; `npm run matrix` runs all of it. */
const cells = coverOf(runnableCells());
let results: RunResult[] = [];

beforeAll(
  async () => {
    results = await runOnStacks(cells, () => undefined);
  },
  cells.length * 10_000 + 120_000,
);

it('contains each step and each fault at least once', () => {
  const steps = declaredCells().map(({ protocol, step }) => `${protocol} ${step.name}`);
  expect(new Set(cells.map(({ protocol, step }) => `${protocol} ${step.name}`))).toEqual(
    new Set(steps),
  );
  expect(new Set(cells.map(({ fault }) => nameOf(fault)))).toEqual(new Set(faults.map(nameOf)));
});

it.each(cells.map(({ protocol, step, fault }) => [protocol, step.name, nameOf(fault)]))(
  '%s, %s: %s',
  (protocol, step, fault) => {
    const result = results.find(
      (one) => one.protocol === protocol && one.step === step && one.fault === fault,
    );
    // With the error, so that a failed cell says why.
    expect(result).toEqual({ ...result, ok: true, error: undefined });
  },
);
