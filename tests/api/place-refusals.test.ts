import { failures, type FailureCode } from '../../contracts/failures';
import { problemOfFailure, problemTypes } from '../../api/http/problems';
import { call, createdOrder, createHarness, problemLike, type ApiHarness } from './harness';
import { place } from './placing';

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness.close());

beforeEach(async () => {
  await harness.databases.empty();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
  harness.workflows.reset();
});

describe('a pattern', () => {
  test.each(['lock', 'xa', 'tcc', 'choreography'])('%s is not available yet', async (pattern) => {
    const orderId = await createdOrder(harness.api);
    const { status, body } = await place(harness.api, orderId, { body: { pattern } });
    expect(status).toBe(422);
    expect(body).toEqual(problemLike('pattern-unavailable', 422, { available: ['saga'] }));
    expect(await harness.row(orderId)).toMatchObject({
      status: 'CREATED',
      owner: null,
      pattern: null,
    });
  });

  test('that is available is used and recorded', async () => {
    const api = harness.another({
      patterns: {
        saga: { start: harness.workflows.start },
        xa: { start: harness.workflows.start },
      },
    });
    const orderId = await createdOrder(api);
    const { body } = await place(api, orderId, { body: { pattern: 'xa' } });
    expect(body).toMatchObject({ status: 'COMPLETED', pattern: 'xa' });
    const again = await place(api, orderId, { body: { pattern: 'saga' } });
    expect(again.body).toMatchObject({ pattern: 'xa' });
  });

  test.each([
    ['{"pattern":"quantum"}', '/pattern'],
    ['{"pattern":null}', '/pattern'],
    ['{"patern":"saga"}', '/patern'],
    ['[]', ''],
  ])('%s is refused', async (body, pointer) => {
    const orderId = await createdOrder(harness.api);
    const answer = await place(harness.api, orderId, { body });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ type: '/problems/validation', errors: [{ pointer }] });
    expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED' });
  });

  test.each([['{'], [' '], ['{"pattern":"saga","pattern":"saga"}']])(
    'body %j is malformed',
    async (body) => {
      const orderId = await createdOrder(harness.api);
      expect((await place(harness.api, orderId, { body })).body).toEqual(
        problemLike('malformed-request', 400),
      );
      expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED' });
    },
  );

  test('in a body that is not JSON is refused', async () => {
    const orderId = await createdOrder(harness.api);
    const answer = await place(harness.api, orderId, {
      body: '{}',
      headers: { 'Content-Type': 'text/plain' },
    });
    expect(answer.body).toEqual(problemLike('unsupported-media-type', 415));
  });
});

describe('the order’s customer', () => {
  test.each(['place', 'cancel'])(
    'alone finds it: %s by another customer is 404 and does nothing',
    async (verb) => {
      const orderId = await createdOrder(harness.api);
      for (const id of [orderId, 'o-unknown']) {
        const { status, body } = await call(harness.api, 'POST', `/orders/${id}/${verb}`, {
          as: 'c-2',
        });
        expect(status).toBe(404);
        expect(body).toEqual(problemLike('not-found', 404));
      }
      expect(await harness.row(orderId)).toMatchObject({
        status: 'CREATED',
        decision: null,
        owner: null,
      });
      expect(harness.workflows.started).toEqual([]);
    },
  );
});

test('a closing API starts the orders that it has, and refuses new ones', async () => {
  const api = harness.another();
  const orderId = await createdOrder(api);
  await api.close();
  const { status, body } = await place(api, orderId, {});
  expect(status).toBe(503);
  expect(body).toEqual(problemLike('unavailable', 503));
  expect(await harness.row(orderId)).toMatchObject({ status: 'CREATED', owner: null });
});

test('every failure has its own problem, with the contract’s status', () => {
  const codes = Object.keys(failures) as FailureCode[];
  expect(codes.map((code) => problemTypes[problemOfFailure[code]])).toEqual(
    codes.map((code) => ({ status: failures[code].httpStatus, title: failures[code].title })),
  );
  expect(new Set(Object.values(problemOfFailure)).size).toBe(codes.length);
});
