import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { workflowTypes } from '../../contracts/names';
import { workflowBundle } from '../../workers/wiring/bundle';
import { quietRuntime } from '../support/runtime';
import { incompatible } from './incompatible';
import { eventsOf, historyOf, recorded, textOf } from './histories';
import { outcomes } from './outcomes';
import { violations, violationsOf } from './violations';

/**
 * Workflows that are open while new code is deployed are replayed by it. These histories stand for
 * them: code that cannot replay one would leave such a workflow stuck. That such code is noticed is
 * shown by one change here, and by many in incompatible.long.test.ts.
 */

beforeAll(quietRuntime);

it('has a history of every outcome, and no undeclared one', () => {
  const today = recorded().filter((name) => !name.includes('/'));
  expect(today).toEqual([...outcomes].sort());
});

it('has a history of every workflow', () => {
  const types = recorded().map((name) => {
    const [started] = historyOf(name).events ?? [];
    return started?.workflowExecutionStartedEventAttributes?.workflowType?.name;
  });
  const ofEarlierVersions = ['deliverEvent'];
  expect(new Set(types)).toEqual(new Set([...Object.values(workflowTypes), ...ofEarlierVersions]));
});

it('replays every history, including those of older code', async () => {
  expect(await violations(await workflowBundle(), recorded())).toEqual(new Map());
});

it.each(incompatible.slice(0, 1))('catches that %s', async (_what, mutation, breaks) => {
  expect([...(await violationsOf([mutation], breaks)).keys()]).toEqual(breaks);
});

it('contains no name of a machine, process or folder', () => {
  for (const name of recorded()) {
    const text = textOf(name);
    const identities = [...text.matchAll(/"identity": "([^"]*)"/g)].map(([, identity]) => identity);
    expect(new Set(identities)).toEqual(new Set(['recorder']));
    expect(text).not.toContain(`@${hostname()}`);
    expect(text).not.toMatch(/\d+@[\w-]+/);
    for (const path of [homedir(), join(__dirname, '..', '..')]) expect(text).not.toContain(path);
  }
});

it('contains what makes these outcomes hard to replay', () => {
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

it('renders no details during replay', async () => {
  const details = '  private details(): string {\n';
  const mutation = {
    file: 'workflows/ui/batch-view.ts',
    from: details,
    to: `${details}    throw new Error('rendered');\n`,
  };
  expect(await violationsOf([mutation])).toEqual(new Map());
});
