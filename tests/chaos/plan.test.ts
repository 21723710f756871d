import fc from 'fast-check';
import { describeFault, planFaults, type Fault } from '../../tools/chaos/plan';
import { callersTarget, sessionsOf, stackTarget, targetsOf } from '../../tools/chaos/targets';

const processes = [
  'mysql',
  'temporal',
  'order-worker',
  'product-worker',
  'point-worker',
  'lock-worker',
  'workflow-worker',
  'api',
];
const targets = targetsOf(processes, ['lock']);
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const seconds = fc.integer({ min: 10, max: 600 });

describe('the schedule of a seed', () => {
  test('is always the same, in whatever order the processes are named', () => {
    const again = targetsOf([...processes].reverse(), ['lock']);
    expect(planFaults(7, 40_000, again)).toEqual(planFaults(7, 40_000, targets));
  });

  // Recorded here, so that a seed keeps meaning the same faults.
  test('is as recorded for seed 150 and fifteen seconds', () => {
    expect(planFaults(150, 15_000, targets)).toEqual([
      { atMs: 4_676, kind: 'cut', target: 'order-worker', forMs: 0 },
      { atMs: 9_697, kind: 'restart', target: 'mysql', forMs: 0 },
      { atMs: 11_400, kind: 'stop', target: 'stack', forMs: 0 },
      { atMs: 13_747, kind: 'kill', target: 'workflow-worker', forMs: 0 },
    ]);
  });

  test('differs for another seed', () => {
    const plans = Array.from({ length: 50 }, (_, seed) => planFaults(seed, 40_000, targets));
    expect(new Set(plans.map((plan) => JSON.stringify(plan))).size).toBe(50);
  });

  test('has at least one fault, all within its time and in order', () => {
    fc.assert(
      fc.property(seeds, seconds, (seed, s) => {
        const times = planFaults(seed, s * 1_000, targets).map(({ atMs }) => atMs);
        expect(times.length).toBeGreaterThan(0);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times.every((atMs) => atMs > 0 && atMs < s * 1_000)).toBe(true);
      }),
    );
  });

  test('does nothing to a frozen process', () => {
    fc.assert(
      fc.property(seeds, seconds, (seed, s) => {
        const frozenUntil = new Map<string, number>();
        for (const { atMs, target, forMs } of planFaults(seed, s * 1_000, targets)) {
          expect(atMs).toBeGreaterThanOrEqual(frozenUntil.get(target) ?? 0);
          frozenUntil.set(target, atMs + forMs);
        }
      }),
    );
  });

  test('applies every possible fault to every target, given enough time', () => {
    const done = new Set(
      planFaults(3, 600_000, targets).map(({ kind, target }) => `${kind} ${target}`),
    );
    const possible = targets.flatMap(({ name, kinds }) => kinds.map((kind) => `${kind} ${name}`));
    expect(possible.filter((fault) => !done.has(fault))).toEqual([]);
  });

  test('has freezes longer than a step’s limit, given 40 seconds', () => {
    const freezes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
      .flatMap((seed) => planFaults(seed, 40_000, targets))
      .filter(({ kind }) => kind === 'freeze')
      .map(({ forMs }) => forMs);
    expect(Math.max(...freezes)).toBeGreaterThan(10_000);
    expect(Math.min(...freezes)).toBeLessThan(2_000);
  });
});

describe('the targets', () => {
  test('are every process, the callers, and the stack as a whole', () => {
    const names = [...[...processes].sort(), callersTarget, stackTarget];
    expect(targets.map(({ name }) => name)).toEqual(names);
  });

  test('exclude processes that no order of the run needs', () => {
    const names = targetsOf(processes, ['saga', 'xa']).map(({ name }) => name);
    expect(targets.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual([
      'lock-worker',
    ]);
  });

  test('include a cut for each target with connections', () => {
    const cut = targets.filter(({ kinds }) => kinds.includes('cut')).map(({ name }) => name);
    expect(cut).toEqual([
      'api',
      'lock-worker',
      'mysql',
      'order-worker',
      'point-worker',
      'product-worker',
      callersTarget,
    ]);
  });

  test('of MySQL are locked and made read-only, and the order database’s server holds orders', () => {
    const three = ['mysql-order', 'mysql-product', 'mysql-point', 'api'];
    const kindsOf = (name: string) =>
      targetsOf(three, []).find((target) => target.name === name)?.kinds;
    expect(kindsOf('mysql-order')).toEqual(expect.arrayContaining(['lock', 'read-only', 'hold']));
    expect(kindsOf('mysql-point')).toEqual(expect.arrayContaining(['lock', 'read-only']));
    expect(kindsOf('mysql-point')).not.toContain('hold');
    expect(kindsOf('api')).not.toContain('lock');
    expect(kindsOf(stackTarget)).toEqual(['stop', 'move']);
  });

  test.each([
    ['api', processes, ['order_api', 'product_reader', 'point_reader']],
    ['point-worker', processes, ['point_worker', 'point_recovery']],
    ['lock-worker', processes, ['lock_worker', 'lock_worker', 'lock_worker']],
    ['workflow-worker', processes, []],
    [
      'mysql-point',
      [...processes, 'mysql-point'],
      ['point_worker', 'point_reader', 'lock_worker', 'point_recovery'],
    ],
    [
      'api',
      ['api', 'mysql', 'temporal'],
      [
        'order_api',
        'order_worker',
        'product_worker',
        'product_reader',
        'point_worker',
        'point_reader',
        'lock_worker',
        'lock_worker',
        'lock_worker',
        'product_recovery',
        'point_recovery',
      ],
    ],
  ])('%s holds the sessions of its users', (target, among, users) => {
    expect(sessionsOf(target, among).map(({ user }) => user)).toEqual(users);
  });
});

test.each<[Fault, string]>([
  [{ atMs: 1, kind: 'kill', target: 'api', forMs: 0 }, 'kill api'],
  [{ atMs: 1, kind: 'freeze', target: 'mysql', forMs: 12_345 }, 'freeze mysql for 12.3 s'],
  [{ atMs: 1, kind: 'cut', target: 'callers', forMs: 0 }, 'cut the connections of callers'],
  [{ atMs: 1, kind: 'lock', target: 'mysql', forMs: 2_000 }, 'lock all tables of mysql for 2.0 s'],
  [{ atMs: 1, kind: 'read-only', target: 'mysql', forMs: 900 }, 'make read-only mysql for 0.9 s'],
  [
    { atMs: 1, kind: 'hold', target: 'mysql', forMs: 2_000 },
    'hold the rows of orders in mysql for 2.0 s',
  ],
  [{ atMs: 1, kind: 'stop', target: 'stack', forMs: 0 }, 'stop and start the stack'],
  [
    { atMs: 1, kind: 'move', target: 'stack', forMs: 3_000 },
    'move the stack to the other placement and back for 3.0 s',
  ],
])('describes a fault: %j', (fault, words) => {
  expect(describeFault(fault)).toBe(words);
});
