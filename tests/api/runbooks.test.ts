import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runbooks } from '../../contracts/alerts';
import { createHarness, type ApiHarness } from './harness';

const root = join(__dirname, '..', '..');

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness({ runbooksFolder: join(root, 'docs', 'runbooks') });
});

afterAll(() => harness.close());

test.each(Object.entries(runbooks))('shows the runbook %s without a token', async (name, path) => {
  const answer = await harness.api.request(`/runbooks/${name}`);
  expect(answer.status).toBe(200);
  // As text: a browser would download Markdown, and must not treat it as HTML.
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(await answer.text()).toBe(readFileSync(join(root, path), 'utf8'));
});

test.each(['nothing', '..%2f..%2fpackage.json', 'broken-step.md', ''])(
  'answers 404 for a page that does not exist: "%s"',
  async (name) => {
    expect((await harness.api.request(`/runbooks/${name}`)).status).toBe(404);
  },
);

test('shows none without a folder', async () => {
  const plain = harness.another({ runbooksFolder: undefined });
  expect((await plain.request('/runbooks/broken-step')).status).toBe(404);
});
