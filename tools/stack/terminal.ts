import { MultiBar, type SingleBar } from 'cli-progress';
import type { Progress } from './cache';

const msASecond = 1_000;
/** As long as the longest name of a bar, so that bars stand below each other. */
const whatChars = 31;

/** What a start shows: steps with their time, bars where somebody watches, plain lines else. */
export class Terminal {
  private readonly bars: MultiBar | undefined;
  private readonly shown = new Map<string, SingleBar | undefined>();

  constructor(private readonly output: NodeJS.WriteStream = process.stdout) {
    // A terminal that was closed, or `| head`, must not take the stack with it.
    output.on('error', () => undefined);
    if (output.isTTY) {
      this.bars = new MultiBar({
        format: '  {what} {bar} {percentage}%',
        stream: output,
        hideCursor: true,
        clearOnComplete: false,
      });
    }
  }

  say(text: string): void {
    this.output.write(`${text}\n`);
  }

  /** Does a step, and says what was done and how long it took. */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = Date.now();
    const answer = await work();
    const seconds = ((Date.now() - start) / msASecond).toFixed(1);
    this.say(`✓ ${what} (${seconds} s)`);
    return answer;
  }

  /** One bar for each thing that takes long; without a terminal one line each. */
  readonly progress: Progress = ({ what, fraction = 0 }) => {
    const percent = Math.round(fraction * 100);
    if (!this.shown.has(what)) {
      this.shown.set(what, this.bars?.create(100, percent, { what: what.padEnd(whatChars) }));
      if (!this.bars) this.say(`  ${what} …`);
    }
    this.shown.get(what)?.update(percent);
  };

  /** Leaves the bars as they stand; to be called before anything else is said. */
  endProgress(): void {
    // Without a bar it would still move the cursor up, over what was said before.
    if (this.shown.size > 0) this.bars?.stop();
    this.shown.clear();
  }
}
