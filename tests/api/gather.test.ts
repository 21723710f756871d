import { batchLoader, type LoaderOptions } from '../../api/placing/batch-loader';
import { Problem } from '../../api/http/problems';

/** Batches that the test answers. */
class Loads {
  readonly batches: { keys: number[]; answer: (values?: number[]) => void; fail: () => void }[] =
    [];
  readonly load = (keys: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      this.batches.push({
        keys,
        answer: (values = keys.map((key) => key * 10)) => {
          resolve(values);
        },
        fail: () => {
          reject(new Error('the load failed'));
        },
      });
    });
}

function gathered(options: Partial<LoaderOptions<number, number>> = {}) {
  const loads = new Loads();
  const ask = batchLoader<number, number>({
    load: loads.load,
    batchMax: 3,
    inFlightMax: 1,
    waitingMax: 5,
    staleMs: 60_000,
    ...options,
  });
  return { ask, loads };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('loads the keys of one turn together, and gives each its own answer', async () => {
  const { ask, loads } = gathered();
  const answers = [ask(1), ask(2), ask(1)];
  await turn();
  expect(loads.batches.map(({ keys }) => keys)).toEqual([[1, 2, 1]]);
  loads.batches[0]?.answer();
  await expect(Promise.all(answers)).resolves.toEqual([10, 20, 10]);
});

test('collects keys during a batch into the next one, up to its limit', async () => {
  const { ask, loads } = gathered();
  void ask(1);
  await turn();
  const later = [2, 3, 4, 5].map((key) => ask(key));
  await turn();
  expect(loads.batches).toHaveLength(1);
  loads.batches[0]?.answer();
  await turn();
  expect(loads.batches[1]?.keys).toEqual([2, 3, 4]);
  loads.batches[1]?.answer();
  await turn();
  loads.batches[2]?.answer();
  await expect(Promise.all(later)).resolves.toEqual([20, 30, 40, 50]);
});

test('fails only the keys of a failed batch, and starts the next one', async () => {
  const { ask, loads } = gathered();
  const first = expect(ask(1)).rejects.toThrow('the load failed');
  await turn();
  const second = ask(2);
  loads.batches[0]?.fail();
  await first;
  await turn();
  loads.batches[1]?.answer();
  await expect(second).resolves.toBe(20);
});

test('fails a batch whose answer is too short', async () => {
  const { ask, loads } = gathered();
  const answers = Promise.allSettled([ask(1), ask(2)]);
  await turn();
  loads.batches[0]?.answer([10]);
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

test('refuses keys beyond its limit without loading them', async () => {
  const { ask, loads } = gathered();
  void ask(0);
  await turn();
  for (const key of [1, 2, 3, 4, 5]) void ask(key);
  await expect(ask(6)).rejects.toMatchObject({ code: 'overloaded' } satisfies Partial<Problem>);
  expect(loads.batches).toHaveLength(1);
});

test('starts the next batch after a while if one hangs', async () => {
  const { ask, loads } = gathered({ staleMs: 5 });
  void ask(1);
  await turn();
  const second = ask(2);
  while (loads.batches.length < 2) await turn();
  loads.batches[1]?.answer();
  await expect(second).resolves.toBe(20);
});
