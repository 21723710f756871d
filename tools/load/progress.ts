import { SingleBar } from 'cli-progress';

/** A bar on stderr, so that stdout stays a program's to read; none where nobody looks at it. */
export interface Progress {
  /** Shows how far the work is. */
  update(done: number, total: number): void;
  /** Takes the bar away; to be called once, whether the work succeeded or not. */
  stop(): void;
}

/**
 * A progress bar that appears only once the work has lasted for `afterMs`.
 *
 * @param label what is being done, in a word or two
 * @param unit what is counted, in the plural
 */
export function progressBar(label: string, unit: string, afterMs = 0): Progress {
  const startedAt = Date.now();
  let bar: SingleBar | undefined;
  return {
    update(done, total) {
      if (!process.stderr.isTTY || Date.now() - startedAt < afterMs) return;
      if (!bar) {
        const format = `${label} {bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`;
        bar = new SingleBar({
          format,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(total, done);
      }
      bar.setTotal(total);
      bar.update(done);
    },
    stop() {
      bar?.stop();
    },
  };
}
