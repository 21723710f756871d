import type { Answer, ApiClient } from '../../tools/load/api-client';
import { CallersView, resultOf, type Operation } from '../../tools/chaos/view';
import { comeBack, paced, withCancels } from '../../tools/chaos/customers';
import { generateOrders } from '../../tools/load/generator';
import { accepted, completed, created, noStock, nobodyKnows, order, overloaded } from './stories';

test.each<[Operation, Answer | undefined, string]>([
  ['create', created, 'ok'],
  ['create', overloaded, 'failed'],
  ['create', { status: 409, problem: 'idempotency-key-in-use' }, 'failed'],
  ['create', nobodyKnows, 'unknown'],
  ['create', undefined, 'unknown'],
  ['create', { status: 200 }, 'failed'],
  ['place', completed, 'ok'],
  ['place', accepted, 'ok'],
  ['place', noStock, 'failed'],
  ['place', { status: 503, problem: 'unavailable' }, 'failed'],
  ['place', { status: 500, problem: 'internal' }, 'unknown'],
  ['cancel', accepted, 'ok'],
  ['cancel', { status: 502 }, 'unknown'],
  ['look', completed, 'ok'],
])('%s answered %j is %s', (op, answer, result) => {
  expect(resultOf(op, answer)).toBe(result);
});

const patience = { retryMsMax: 100, pollMsMax: 100, pauseMs: 10 };

function watched(answers: Partial<Record<Operation, (Answer | Error)[]>>) {
  const next = (op: Operation) => {
    const answer = answers[op]?.shift() ?? new Error('no answer');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const client: ApiClient = {
    create: () => next('create'),
    place: () => next('place'),
    cancel: () => next('cancel'),
    look: () => next('look'),
    close: () => Promise.resolve(),
  };
  const view = new CallersView();
  return { view, client: view.watch(client) };
}

describe('the view', () => {
  test('keeps each call under the key that its order was created with', async () => {
    const { view, client } = watched({
      create: [new Error('reset'), created],
      place: [nobodyKnows, accepted],
      cancel: [{ status: 409, problem: 'already-completed' }],
      look: [completed],
    });
    await expect(client.create(order, 'k-1')).rejects.toThrow('reset');
    expect(await client.create(order, 'k-1')).toEqual(created);
    await client.place(order, 'o-1', undefined);
    await client.place(order, 'o-1', undefined);
    await client.cancel(order, 'o-1');
    await client.look(order, '/orders/o-1');
    const [story, ...others] = view.stories;
    expect(others).toEqual([]);
    expect(story).toMatchObject({ key: 'k-1', order });
    expect(story?.calls.map(({ op, result }) => `${op} ${result}`)).toEqual([
      'create unknown',
      'create ok',
      'place unknown',
      'place ok',
      'cancel failed',
      'look ok',
    ]);
    expect(story?.calls.at(-1)?.answer).toEqual(completed);
    expect(view.counts).toEqual({ ok: 3, failed: 1, unknown: 2 });
  });

  test('has when each call began and ended', async () => {
    const { view, client } = watched({ create: [created] });
    const before = Date.now();
    await client.create(order, 'k-1');
    const [call] = view.stories[0]?.calls ?? [];
    expect(call?.invokedMs).toBeGreaterThanOrEqual(before);
    expect(call?.endedMs).toBeGreaterThanOrEqual(call?.invokedMs ?? Infinity);
    expect(call?.endedMs).toBeLessThanOrEqual(Date.now());
  });
});

describe('the customers', () => {
  const all = async <T>(items: AsyncIterable<T>) => {
    const found: T[] = [];
    for await (const item of items) found.push(item);
    return found;
  };

  test('cancel a few of their orders, the same ones for the same seed', async () => {
    const some = await all(withCancels(generateOrders(1_000, 1), 5));
    expect(some).toEqual(await all(withCancels(generateOrders(1_000, 1), 5)));
    const cancels = some.filter(({ cancelAfterMs }) => cancelAfterMs !== undefined);
    expect(cancels.length).toBeGreaterThan(10);
    expect(cancels.length).toBeLessThan(100);
  });

  test('come back with the same key for orders whose end they do not know', async () => {
    const answers = { create: [created, created], place: [nobodyKnows, completed] };
    const { view, client } = watched({ ...answers, look: [] });
    await client.create(order, 'k-1');
    await client.place(order, 'o-1', undefined);
    const again = { callers: 3, pattern: undefined, patience };
    expect(await comeBack(view.stories, client, again)).toBe(1);
    expect(view.stories.map(({ key, calls }) => [key, calls.length])).toEqual([['k-1', 4]]);
    expect(view.stories[0]?.calls.at(-1)?.answer).toEqual(completed);
    expect(await comeBack(view.stories, client, again)).toBe(0);
  });

  test('come one after the other', async () => {
    const startedAt = performance.now();
    expect(await all(paced(generateOrders(6, 1), 20))).toEqual([...generateOrders(6, 1)]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
  });
});
