/** A place in a transaction where a fault may be put. */
export type Position =
  /** The step's first statement has come and has not been sent on: nothing is done. */
  | 'begin'
  /** Everything is done but the COMMIT, which has come and has not been sent on. */
  | 'inside'
  /** The COMMIT has been made, and its reply has not been sent on. */
  | 'made';

/** A transaction that was caught in a window; it stays there until it is let go, or cut. */
export interface Intercepted {
  /** Which of the processes that may run the step this one is in. */
  lane: string;
  /** What it has said so far, its BEGIN and COMMIT left out. */
  said: string;
  /** Sends on what was caught. */
  release(): void;
  /** Breaks the connection on both sides; what was caught and not sent is lost. */
  cut(): void;
}

export interface InjectionSpec {
  /** Of the step's first statement, which names the order so. */
  enter: RegExp;
  /** Only where it is the first of its transaction. */
  opens?: true;
  name: string;
  /** So many transactions of the order begin with such a statement before the step's. */
  skip: number;
  position: Position;
  /** How many are caught; the others pass. */
  times: number;
}

const hitMsMax = 15_000;

/** Watches for one step of one order, catches it, and keeps what the server said to it. */
export class InjectionPoint {
  /** The transactions that began with the step's first statement, the skipped ones left out. */
  entered = 0;
  /** Statements that the latest transaction of the step has sent. */
  sent = 0;
  /** MySQL's error numbers in answers to this step's statements. */
  readonly errors: number[] = [];
  /** Transactions of this step that have ended: committed, rolled back or cut. */
  ended = 0;
  /** Of those, the ones whose connection was broken: nobody knows how far they came. */
  cut = 0;
  /** What those of its transactions did whose COMMIT was answered, and not by an error. */
  readonly committed: string[] = [];
  /** What those said that were caught here, at the time. */
  readonly said: string[] = [];
  private caught = 0;
  private passedBy = 0;
  private readonly hits: Intercepted[] = [];
  private readonly waiting: ((hit: Intercepted) => void)[] = [];

  constructor(readonly spec: InjectionSpec) {}

  /** Whether a transaction that begins with this statement is one of the step's. */
  enters(statement: string, isFirst: boolean): boolean {
    const { enter, name, skip, opens } = this.spec;
    if (!statement.includes(`'${name}'`) || !enter.test(statement)) return false;
    if (opens && !isFirst) return false;
    if (this.passedBy < skip) {
      this.passedBy += 1;
      return false;
    }
    this.entered += 1;
    return true;
  }

  /** Whether what has come to this position is to be caught. */
  catches(position: Position): boolean {
    if (position !== this.spec.position || this.caught >= this.spec.times) return false;
    this.caught += 1;
    return true;
  }

  take(hit: Intercepted): void {
    this.said.push(hit.said);
    const next = this.waiting.shift();
    if (next) next(hit);
    else this.hits.push(hit);
  }

  /**
   * The next transaction that is caught here.
   *
   * @throws Error when none comes in time: the fault did not fire where it was declared to.
   */
  async hit(): Promise<Intercepted> {
    const hit = this.hits.shift();
    if (hit) return hit;
    const { enter, position } = this.spec;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`The fault did not fire: ${String(enter)} never came to "${position}"`));
      }, hitMsMax);
    });
    const next = new Promise<Intercepted>((resolve) => this.waiting.push(resolve));
    return Promise.race([next, late]).finally(() => {
      clearTimeout(timer);
    });
  }

  /** Those that were caught and nobody has asked for yet. */
  rest(): Intercepted[] {
    return this.hits.splice(0);
  }
}
