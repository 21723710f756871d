import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { ReplayError, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import type * as BundleModule from '../../workers/bundle';
import { workflowBundle } from '../../workers/bundle';
import { mutate, type Mutation } from '../mutants/mutate';
import { quietRuntime } from '../support/runtime';
import { eventsOf, historyOf, recorded, textOf } from './histories';
import { outcomes } from './outcomes';

/**
 * Workflows that are open while new code is deployed are replayed by it. These histories stand for
 * them: code that cannot replay one would leave such a workflow stuck.
 */

beforeAll(quietRuntime);

/** The histories that this code cannot replay, with what it says of each. */
async function violations(bundle: { code: string }): Promise<Map<string, unknown>> {
  const histories = recorded().map((name) => ({
    workflowId: name,
    history: historyOf(name),
  }));
  const found = new Map<string, unknown>();
  const options = { workflowBundle: bundle };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) {
    if (error) found.set(workflowId, error);
  }
  return found;
}

async function violationsOf(mutations: readonly Mutation[]): Promise<Map<string, unknown>> {
  const { folder, remove } = mutate(mutations);
  try {
    const path = join(folder, 'workers/bundle');
    const { workflowBundle: bundleOf } = jest.requireActual<typeof BundleModule>(path);
    return await violations(await bundleOf());
  } finally {
    remove();
  }
}

it('has a history of every outcome, and none that nobody declared', () => {
  const today = recorded().filter((name) => !name.includes('/'));
  expect(today).toEqual([...outcomes].sort());
});

it('replays every history, those of older code too', async () => {
  expect(await violations(await workflowBundle())).toEqual(new Map());
});

it('names no machine, no process and no folder', () => {
  for (const name of recorded()) {
    const text = textOf(name);
    const identities = [...text.matchAll(/"identity": "([^"]*)"/g)].map(([, identity]) => identity);
    expect(new Set(identities)).toEqual(new Set(['recorder']));
    expect(text).not.toContain(`@${hostname()}`);
    expect(text).not.toMatch(/\d+@[\w-]+/);
    for (const path of [homedir(), join(__dirname, '..', '..')]) expect(text).not.toContain(path);
  }
});

it('holds what makes these outcomes hard to replay', () => {
  const types = (name: string) => eventsOf(name).map(({ eventType }) => eventType);
  expect(types('worker-lost-midway')).toContain('EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT');
  expect(types('cancelled-by-operator')).toContain(
    'EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED',
  );
  expect(types('local-mixed-batch')).toContain('EVENT_TYPE_MARKER_RECORDED');
  expect(types('adopt-orders')).toContain('EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED');
  expect(types('completed')).toContain('EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES');
  expect(types('not-searchable')).not.toContain('EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES');
});

const askStock =
  "      this.ask('deductStock', orders, () => this.actions.deductStock(orders.map(stockCommand))),\n";
const askPoints =
  "      this.ask('usePoints', orders, () => this.actions.usePoints(orders.map(pointCommand))),\n";
const saga = 'workflows/saga.ts';

/** Changes that look harmless, and the histories of open workflows that each would break. */
const incompatible: [name: string, mutation: Mutation, breaks: string[]][] = [
  [
    'the points are asked for before the stock',
    {
      file: saga,
      from: `const [stock, points] = await Promise.all([\n${askStock}${askPoints}`,
      to: `const [points, stock] = await Promise.all([\n${askPoints}${askStock}`,
    },
    ['completed', 'worker-lost-midway', 'local-completed', 'adopted'],
  ],
  [
    'a failed compensation is no longer registered',
    {
      file: saga,
      from: 'if (failed.length > 0) await this.order.registerCompensations(failed);',
      to: '',
    },
    ['compensation-failing', 'local-compensation-failing'],
  ],
  [
    'a broken order is no longer held',
    {
      file: saga,
      from: 'await CancellationScope.nonCancellable(() => this.order.holdOrders(steps));',
      to: '',
    },
    ['broken-step', 'mixed-batch', 'local-mixed-batch'],
  ],
  [
    'the worst status is no longer shown',
    {
      file: 'workflows/board.ts',
      from: 'else showWorstStatus(result.cancelled > 0',
      to: 'else void (result.cancelled > 0',
    },
    ['completed', 'rejected-stock', 'adopted-after-cancel'],
  ],
  [
    'the drain records nothing',
    { file: 'workflows/drain.ts', from: 'await order.recordCompensations(results);', to: '' },
    ['drain-by-schedule', 'drain-failing'],
  ],
  [
    'the drain does not ask what is due',
    {
      file: 'workflows/drain.ts',
      from: 'await order.dueCompensations(limit);',
      to: 'await Promise.resolve<Awaited<ReturnType<typeof order.dueCompensations>>>([]);',
    },
    ['drain-nothing', 'drain-failing'],
  ],
  [
    'adoption drives nobody’s order on',
    {
      file: 'workflows/adopt.ts',
      from: 'if (!content) return null;',
      to: 'if (content) return null;',
    },
    ['adopt-orders'],
  ],
  [
    'adoption looks at no owner',
    {
      file: 'workflows/adopt.ts',
      from: "let afterOwner: string | null = '';",
      to: 'let afterOwner: string | null = null as string | null;',
    },
    ['adopt-nothing', 'adopt-orders'],
  ],
  [
    'a transaction that was given up is no longer decided on',
    {
      file: 'workflows/lock.ts',
      from: 'const decisions = await CancellationScope.nonCancellable(() =>',
      to: "const decisions = await ((_: unknown) => Promise.resolve(orders.map(() => 'CANCEL')))(() =>",
    },
    ['lock-unavailable', 'lock-cancelled-by-operator'],
  ],
];

it.each(incompatible)('catches that %s', async (_what, mutation, breaks) => {
  const found = await violationsOf([mutation]);
  expect([...found.keys()]).toEqual(expect.arrayContaining(breaks));
  for (const [name, error] of found) {
    // Of a local activity that is not asked for the SDK says so in another class.
    const kinds: unknown[] = [DeterminismViolationError];
    if (name.startsWith('local-')) kinds.push(ReplayError);
    expect(kinds).toContain((error as Error).constructor);
  }
});

it('accepts an unchanged copy, other words, and a change that is patched in', async () => {
  const before = `const [stock, points] = await Promise.all([\n${askStock}${askPoints}    ]);`;
  const after = `const [points, stock] = await Promise.all([\n${askPoints}${askStock}    ]);\n    return [stock, points];`;
  const asIs = before.replace('const [stock, points] = await', 'return');
  expect(await violationsOf([])).toEqual(new Map());
  expect(
    await violationsOf([
      { file: 'workflows/board.ts', from: "'the participants are asked'", to: "'asked'" },
      {
        file: saga,
        from: before,
        to:
          "const askAll = async () => {\n    if (patched('points-first')) {\n" +
          `${after}\n    }\n${asIs}\n    };\n    const [stock, points] = await askAll();`,
      },
      { file: saga, from: 'isCancellation, log }', to: 'isCancellation, log, patched }' },
    ]),
  ).toEqual(new Map());
}, 60_000);
