import { readFileSync } from 'node:fs';
import { faultKinds, planFaults } from '../../tools/chaos/plan';
import { targetsOf } from '../../tools/chaos/targets';
import { openDatabase } from '../../activities/database/connection';
import { patterns, type Pattern } from '../../contracts/order';
import { readLiveState, type RunningStack } from '../../tools/stack/state';
import { LiveStack } from './live-stack';

/**
 * The real command on its own stack, with a short time for each seed. tests/chaos shows what the
 * checker finds.
 */

// A long freeze lasts 3.75 s or more in this short run, and must outlast a step. A step that waits
// for a prepared branch's rows is given up before its order counts as too late.
const live = new LiveStack({ ATTEMPT_MS_MAX: '3400', ACTION_MS_MAX: '20000' });
// Two cores cannot run one workflow per order for 256 callers at once.
const seconds = 15;
const runs = [
  {
    seed: 4_201,
    orders: 120,
    chosen: ['--pattern', 'mixed', '--callers', '24'],
    placed: patterns,
  },
  { seed: 575, orders: 300, chosen: [], placed: ['saga'] as const },
  { seed: 587, orders: 300, chosen: [], placed: ['saga'] as const },
];

beforeAll(async () => {
  live.start();
  await live.ready();
}, 65_000);

afterAll(() => live.end(), 60_000);

interface Result {
  asked: number;
  orders: number;
  toldEnd: number;
  violations: unknown[];
  left: object;
  faults: { planned: number; fired: Record<string, number>; failed: string[] };
  audit: { clean: boolean; atRest: boolean; orders: number; violations: unknown[] };
}

it('does each kind of fault, and something to every target', () => {
  const names = (readLiveState(live.folder)?.processes ?? []).map(({ name }) => name);
  const faults = runs.flatMap(({ seed, placed }) =>
    planFaults(seed, seconds * 1_000, targetsOf(names, placed)),
  );
  const targets = targetsOf(names, patterns);
  expect(new Set(faults.map(({ target }) => target))).toEqual(
    new Set(targets.map(({ name }) => name)),
  );
  // A move takes two stops and two starts; docs/chaos.md has its seed.
  const kinds = new Set(faults.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(faultKinds.filter((kind) => kind !== 'move')));
});

it.each(runs)(
  'faults of seed $seed: every order ends, and callers were told the truth ($placed)',
  async ({ seed, orders, chosen, placed }) => {
    const stack = await live.ready();
    const before = await completedBy(stack);
    const size = ['--orders', `${orders}`, '--seconds', `${seconds}`];
    const args = ['load', '--chaos', `${seed}`, ...size, ...chosen, '--json'];
    const { code, stdout, stderr } = await live.run(args);
    // Its output tells what went wrong.
    expect(code === 0 ? '' : `${stderr}\n${stdout}\n${logs()}`).toBe('');
    const { faults, violations, audit, left, ...counts } = JSON.parse(stdout) as Result;
    expect(violations).toEqual([]);
    expect(audit).toMatchObject({ clean: true, atRest: true, violations: [] });
    expect(counts).toMatchObject({ asked: orders, orders, toldEnd: orders });
    expect(left).toEqual({ prepared: 0, reserved: 0, parked: 0, unsent: 0, unfinished: 0 });
    expect(faults.failed).toEqual([]);
    const fired = Object.values(faults.fired).reduce((sum, n) => sum + n, 0);
    expect(fired).toBe(faults.planned);
    expect(fired).toBeGreaterThan(0);
    // Each was announced, and reported when it happened.
    expect(
      stderr.match(/^ +[\d.]+ s {2}(kill|freeze|restart|cut|lock|make|hold|stop) /gm),
    ).toHaveLength(2 * fired);
    // Exactly these patterns completed orders.
    const after = await completedBy(stack);
    const completed = patterns.filter((pattern) => (after[pattern] ?? 0) > (before[pattern] ?? 0));
    expect(completed).toEqual(placed);
  },
  240_000,
);

/** How many orders of each pattern are COMPLETED. */
async function completedBy({ databases }: RunningStack): Promise<Partial<Record<Pattern, number>>> {
  const order = openDatabase({ url: databases.order.auditorUrl, poolMax: 1 });
  try {
    const rows = await order('orders')
      .where('status', 'COMPLETED')
      .groupBy('pattern')
      .select('pattern')
      .count<{ pattern: Pattern; orders: number }[]>({ orders: '*' });
    return Object.fromEntries(rows.map(({ pattern, orders }) => [pattern, orders]));
  } finally {
    await order.destroy();
  }
}

function logs(): string {
  return `What the stack said:\n${live.output}\n${readFileSync(`${live.folder}/state.json`, 'utf8')}`;
}
