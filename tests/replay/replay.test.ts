import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { ReplayError, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowTypes } from '../../contracts/names';
import type * as BundleModule from '../../workers/bundle';
import { workflowBundle } from '../../workers/bundle';
import { mutate, type Mutation } from '../mutants/mutate';
import { quietRuntime } from '../support/runtime';
import { incompatible } from './incompatible';
import { eventsOf, historyOf, recorded, textOf, workflowIdOf } from './histories';
import { outcomes } from './outcomes';

/**
 * Workflows that are open while new code is deployed are replayed by it. These histories stand for
 * them: code that cannot replay one would leave such a workflow stuck.
 */

beforeAll(quietRuntime);

/** Those of these histories that this code cannot replay, with what it says of each. */
async function violations(
  bundle: { code: string },
  names: readonly string[],
): Promise<Map<string, unknown>> {
  let name = '';
  function* histories() {
    for (name of names) yield { workflowId: workflowIdOf(name), history: historyOf(name) };
  }
  const found = new Map<string, unknown>();
  // They are taken one at a time; their ids may be the same.
  for await (const { error } of Worker.runReplayHistories(
    { workflowBundle: bundle },
    histories(),
  )) {
    if (error) found.set(name, error);
  }
  return found;
}

async function violationsOf(
  mutations: readonly Mutation[],
  names: readonly string[] = recorded(),
): Promise<Map<string, unknown>> {
  const { folder, remove } = mutate(mutations);
  try {
    const path = join(folder, 'workers/bundle');
    const { workflowBundle: bundleOf } = jest.requireActual<typeof BundleModule>(path);
    return await violations(await bundleOf(), names);
  } finally {
    remove();
  }
}

it('has a history of every outcome, and none that nobody declared', () => {
  const today = recorded().filter((name) => !name.includes('/'));
  expect(today).toEqual([...outcomes].sort());
});

it('has one of every workflow that there is', () => {
  const types = recorded().map((name) => {
    const [started] = historyOf(name).events ?? [];
    return started?.workflowExecutionStartedEventAttributes?.workflowType?.name;
  });
  expect(new Set(types)).toEqual(new Set(Object.values(workflowTypes)));
});

it('replays every history, those of older code too', async () => {
  expect(await violations(await workflowBundle(), recorded())).toEqual(new Map());
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
  expect(types('xa-heuristic-commit')).toContain('EVENT_TYPE_TIMER_FIRED');
  expect(types('xa-cancelled-once-prepared')).not.toContain(
    'EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED',
  );
  expect(types('tcc-confirm-frozen')).toContain('EVENT_TYPE_TIMER_FIRED');
  expect(types('resolve-cancel')).toContain('EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED');
  expect(types('scan-cancelled')).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED');
  expect(types('choreography-delivered-by-others')).toContain('EVENT_TYPE_TIMER_FIRED');
  expect(types('not-searchable')).not.toContain('EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES');
});

it.each(incompatible)('catches that %s', async (_what, mutation, breaks) => {
  const found = await violationsOf([mutation], breaks);
  expect([...found.keys()]).toEqual(breaks);
  for (const [name, error] of found) {
    // Of a local activity that is not asked for the SDK says so in another class.
    const kinds: unknown[] = [DeterminismViolationError];
    if (name.split('-').includes('local')) kinds.push(ReplayError);
    expect(kinds).toContain((error as Error).constructor);
  }
});

const ask = 'workflows/shared/ask.ts';

it('accepts an unchanged copy, other words, and a change that is patched in', async () => {
  expect(await violationsOf([])).toEqual(new Map());
  expect(
    await violationsOf([
      { file: 'workflows/ui/batch-view.ts', from: "'the participants are asked'", to: "'asked'" },
      {
        file: ask,
        from: 'const columns = run.participants.map(',
        to: "const all = [...run.participants];\n  const columns = (patched('points-first') ? all.reverse() : all).map(",
      },
      { file: ask, from: 'isCancellation, log }', to: 'isCancellation, log, patched }' },
    ]),
  ).toEqual(new Map());
}, 60_000);
