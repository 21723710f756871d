import { patterns } from '../../contracts/order';
import { nameOf } from '../../tools/matrix/cell';
import { findCell, type DeclaredCell } from '../../tools/matrix/cells';
import type { Injection } from '../../tools/matrix/injection';
import { provesRest, runCells, type RunResult } from '../../tools/matrix/run';
import { first, second } from '../../tools/matrix/participants';
import { shortOf } from '../../tools/matrix/scenarios';
import { startStack } from '../../tools/matrix/stack';
import type { Step } from '../../tools/matrix/step';
import type { Answer } from '../../tools/matrix/told';
import { mutants, type Mutant } from './mutants';

/**
 * Self-test of the matrix: what each cell must notice, and that it notices nothing else. It
 * includes a cell of each protocol.
 */

const broken = new Map<string, RunResult | undefined>();
let held: RunResult[] = [];
let left: unknown;

// Most of them wait until the time limit, so they wait together.
beforeAll(async () => {
  const stack = await startStack(() => undefined, false);
  try {
    await Promise.all(
      wrongs.map(async ({ what, cell }) => {
        broken.set(what, (await runCells(stack, [cell], () => undefined))[0]);
      }),
    );
    // The order of the wrong alert still waits.
    left = await provesRest(stack, 1_000).catch(String);
    held = await runCells(stack, sound.map(cellOf), () => undefined);
  } finally {
    await stack.close();
  }
}, 180_000);

/** The cells that notice the mutants, and one of each other protocol. */
const sound: Pick<Mutant, 'protocol' | 'step' | 'fault'>[] = [
  ...mutants,
  { protocol: 'lock', step: 'placeInOneTransaction', fault: 'reply lost' },
  { protocol: 'xa', step: 'commitStock', fault: 'reply lost' },
  { protocol: 'tcc', step: 'tryStock', fault: 'reply lost' },
  { protocol: 'choreography', step: 'deductStock', fault: 'reply lost' },
];

function cellOf({ protocol, step, fault }: (typeof sound)[number]): DeclaredCell {
  return findCell(protocol, step, fault);
}

function changed(step: string, fault: string, changes: Partial<Step>): DeclaredCell {
  const cell = findCell('saga', step, fault);
  return { ...cell, step: { ...cell.step, ...changes } };
}

/** The same cell, whose caller also gets this answer as soon as the fault happens. */
function misinformed(cell: DeclaredCell, answer: Answer): DeclaredCell {
  const inject = async (injection: Injection) => {
    await cell.fault.inject(injection);
    const { orderId } = injection.subject;
    injection.caller.tell({ op: 'place', orderId, answer, row: await injection.caller.row() });
  };
  return { ...cell, fault: { ...cell.fault, inject } };
}

/** The same cell, in which no session holds the order's row. */
function unheld(cell: DeclaredCell): DeclaredCell {
  const rows = { where: () => ({ forUpdate: () => ({ first: () => Promise.resolve() }) }) };
  const holder = Object.assign(() => rows, { rollback: () => Promise.resolve() });
  const order = { transaction: () => Promise.resolve(holder) };
  const inject = (injection: Injection) => {
    const { stack } = injection;
    const databases = { ...stack.databases, order };
    const value = { ...stack, databases };
    return cell.fault.inject(Object.create(injection, { stack: { value } }) as Injection);
  };
  return { ...cell, fault: { ...cell.fault, inject } };
}

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
    symptom: /without success: what was caught is seen to be deductStock/,
  },
  {
    what: 'an order that ends differently than promised',
    cell: changed('restoreStock', 'fails', {
      scenario: {
        ...findCell('saga', 'restoreStock', 'fails').step.scenario,
        orders: [{ ...shortOf(second), end: shortOf(first).end }],
      },
    }),
    symptom: /is CANCELLED insufficient-points and was promised to be CANCELLED insufficient-stock/,
  },
  {
    what: 'a caller who gets another end',
    cell: misinformed(findCell('saga', 'restoreStock', 'fails'), {
      httpStatus: 200,
      status: 'COMPLETED',
    }),
    symptom: /place was answered .*COMPLETED.*: it is not COMPLETED/,
  },
  {
    what: 'a caller who gets "accepted" for an order without an owner',
    cell: misinformed(findCell('saga', 'claim', 'fails'), {
      httpStatus: 202,
      status: 'PLACING',
      location: '/orders/somewhere',
    }),
    symptom: /place was answered .*: (nobody owns it|it does not say where to look)/,
  },
  {
    what: 'a row that no session holds',
    cell: unheld(findCell('saga', 'deductStock', 'order row held')),
    symptom: /without success: a lock wait for the order’s row has timed out/,
  },
  {
    what: 'an alert of another kind than promised',
    cell: changed('holdOrders', 'fails', {
      scenario: {
        ...findCell('saga', 'holdOrders', 'fails').step.scenario,
        orders: [{ kind: 'broken', end: { status: 'PENDING', alert: 'event-parked' } }],
      },
    }),
    symptom: /without success: the open alerts are: .* event-parked/,
  },
];

it('notices leftovers of all cells together', () => {
  expect(left).toMatch(/waits for .*operator|in flight: 1/);
});

it.each(wrongs)('notices $what', ({ what, symptom }) => {
  const error = expect.stringMatching(symptom) as string;
  expect(broken.get(what)).toMatchObject({ ok: false, error });
});

it('includes a cell of each protocol', () => {
  expect(new Set(sound.map(({ protocol }) => protocol))).toEqual(new Set(patterns));
});

it.each(sound)('$protocol, $step: $fault holds for the real code', (one) => {
  const cell = cellOf(one);
  const results = held.filter(
    ({ protocol, step, fault }) =>
      protocol === cell.protocol && step === cell.step.name && fault === nameOf(cell.fault),
  );
  expect(results.length).toBeGreaterThan(0);
  for (const result of results) expect(result).toMatchObject({ ok: true });
});
