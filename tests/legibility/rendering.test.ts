import type * as Workflow from '@temporalio/workflow';
import { interceptors, showDetails } from '../../workflows/ui/details';

/** The workflow renders its details when the Temporal UI queries them, not with each step. */

let shown = '';

jest.mock('@temporalio/workflow', () => ({
  setCurrentDetails: (details: string) => (shown = details),
}));

type Activation = Workflow.ActivateInput['activation'];
type Job = NonNullable<Activation['jobs']>[number];

/** One activation; `run` stands for what the workflow does in it. */
function activate(jobs: Job[], run: () => void): void {
  const [internals] = interceptors().internals ?? [];
  if (!internals?.activate) throw new Error('Nothing hears of activations');
  internals.activate({ activation: { jobs }, batchIndex: 0 }, run);
}

const answer: Job = { resolveActivity: { seq: 1 } };
const query: Job = { queryWorkflow: { queryId: '1', queryType: '__temporal_workflow_metadata' } };

it.each([
  ['its start', 0, [{ initializeWorkflow: {} }]],
  ['256 answers', 0, Array.from({ length: 256 }, () => answer)],
  ['one query', 1, [query]],
  ['several queries', 1, [query, query, query]],
])('renders an activation with %s %d times', (_what, times, jobs) => {
  const render = jest.fn(() => '');
  showDetails(render);
  activate(jobs, () => undefined);
  expect(render).toHaveBeenCalledTimes(times);
});

it('a query renders the present state', () => {
  let state = 'before';
  showDetails(() => state);
  activate([answer], () => (state = 'after'));
  activate([query], () => {
    expect(shown).toBe('after');
  });
  expect.assertions(1);
});
