import { call, createdOrder, createHarness, type ApiHarness } from '../api/harness';
import { place } from '../api/placing';
import { readConfig } from '../../workers/wiring/config';
import { patternsOffered, patternSettings, unavailableOn } from '../../workers/wiring/patterns';

/** Whether the API offers the baseline, which depends on where the databases are. */

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
  await harness.databases.stock({ 'p-1': { available: 1 } });
});

afterAll(() => harness.close());

/** The API of a process with this environment, with fake workflows. */
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
    // The refusal does not end the order.
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
