import { SingleBar } from 'cli-progress';

/** Nobody needs a bar for less. */
const barAfterMs = 2_000;

/** Shows how far the work is. */
export type Update = (done: number, total: number) => void;

/**
 * Does work beside a progress bar, which appears once the work has lasted for two seconds. The bar
 * is on stderr, because programs read stdout; without a terminal there is none.
 *
 * @param label what is being done, in a word or two
 * @param unit what is counted, in the plural
 */
export async function withProgress<T>(
  label: string,
  unit: string,
  work: (update: Update) => Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  let bar: SingleBar | undefined;
  const update: Update = (done, total) => {
    if (!process.stderr.isTTY || Date.now() - startedAt < barAfterMs) return;
    if (!bar) {
      const format = `${label} {bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`;
      const looks = { clearOnComplete: true, hideCursor: true };
      bar = new SingleBar({ format, stream: process.stderr, ...looks });
      bar.start(total, done);
    }
    bar.setTotal(total);
    bar.update(done);
  };
  try {
    return await work(update);
  } finally {
    bar?.stop();
  }
}
