import { call, createdOrder, createHarness, type ApiHarness } from '../api/harness';
import { place } from '../api/placing';
import { readConfig } from '../../workers/wiring/config';
import { patternsOffered, patternSettings, unavailableOn } from '../../workers/wiring/patterns';

/** Whether the baseline is offered: a process is told where the databases are. */

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 1 } });
});

afterAll(() => harness.close());

/** The API of a process with this environment, up to the workflows, which are made up. */
function apiOf(environment: NodeJS.ProcessEnv) {
  const config = readConfig(patternSettings, environment);
  const { start } = harness.workflows;
  return harness.another({
    patterns: Object.fromEntries(patternsOffered(config).map((pattern) => [pattern, { start }])),
    unavailable: unavailableOn(config),
  });
}

it.each([[{}], [{ DATABASE_SERVERS: 'separate' }]])(
  'is refused before the claim, with the reason (%j)',
  async (environment) => {
    const api = apiOf(environment);
    const orderId = await createdOrder(api);
    const { status, body } = await place(api, orderId, { body: { pattern: 'lock' } });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      type: '/problems/pattern-unavailable',
      detail: expect.stringMatching(
        /^The databases are on separate servers, .* Nothing was done\. Available: /,
      ) as string,
    });
    expect(body['available']).not.toContain('lock');
    expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', owner: null });
    // The refusal is not the order's end.
    expect((await call(api, 'POST', `/orders/${orderId}/place`)).body).toMatchObject({
      status: 'COMPLETED',
      pattern: 'saga',
    });
  },
);

it('is offered if one server holds the three databases', async () => {
  const api = apiOf({ DATABASE_SERVERS: 'one' });
  const orderId = await createdOrder(api);
  const { status, body } = await place(api, orderId, { body: { pattern: 'lock' } });
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'COMPLETED', pattern: 'lock' });
});
