import {
  defaultTiming,
  SupervisedProcess,
  type Death,
  type ProcessSpec,
  type RestartTiming,
} from './supervised-process';
import type { ProcessRecord } from './state';

export interface SupervisorEvents {
  /** After every change of any process. */
  changed: (processes: ProcessRecord[]) => void;
  died: (death: Death) => void;
}

const pollMs = 20;

/** The work was given up because the stack is being stopped: nothing went wrong. */
export class StoppedError extends Error {}

/** Keeps processes alive, and ends them in order. */
export class Supervisor {
  private readonly processes = new Map<string, SupervisedProcess>();
  private closed = false;

  constructor(
    private readonly events: SupervisorEvents,
    private readonly timing: RestartTiming = defaultTiming,
  ) {}

  get records(): ProcessRecord[] {
    return [...this.processes.values()].map((process) => process.record);
  }

  get allReady(): boolean {
    return [...this.processes.values()].every(({ state }) => state === 'ready');
  }

  /**
   * Starts these and waits until all are ready.
   *
   * @throws Error with the log to look into when one dies `deathsMax` times in a row, or is not
   *   ready in time; StoppedError when `stop` or `kill` is called meanwhile.
   */
  async start(specs: ProcessSpec[], limits: { msMax: number; deathsMax: number }): Promise<void> {
    this.refuseWhenClosed();
    const started = specs.map((spec) => {
      const { changed } = this;
      const events = { changed, died: this.events.died };
      const process = new SupervisedProcess(spec, events, this.timing);
      this.processes.set(spec.name, process);
      process.start();
      return process;
    });
    const deadline = Date.now() + limits.msMax;
    while (!started.every(({ state }) => state === 'ready')) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      this.refuseWhenClosed();
      const failing = started.find(({ deaths }) => deaths >= limits.deathsMax);
      if (failing) throw new Error(`${failing.spec.name} keeps dying. ${whereToLook(failing)}`);
      const late = started.find(({ state }) => state !== 'ready');
      if (!late || Date.now() < deadline) continue;
      const seconds = String(Math.round(limits.msMax / 1_000));
      throw new Error(`${late.spec.name} is not ready after ${seconds} s. ${whereToLook(late)}`);
    }
  }

  /** Ends the named processes, each group once the one before it is gone, and forgets them. */
  async stop(groups: string[][]): Promise<void> {
    for (const names of groups) {
      const group = names.flatMap((name) => this.processes.get(name) ?? []);
      await Promise.all(group.map((process) => process.stop()));
      for (const name of names) this.processes.delete(name);
      this.changed();
    }
  }

  /** From now on nothing is started. */
  close(): void {
    this.closed = true;
  }

  /** Kills everything at once. */
  kill(): void {
    this.close();
    for (const process of this.processes.values()) process.kill();
  }

  private readonly changed = (): void => {
    this.events.changed(this.records);
  };

  private refuseWhenClosed(): void {
    if (this.closed) throw new StoppedError('The stack is being stopped.');
  }
}

function whereToLook({ spec }: SupervisedProcess): string {
  return `Its log is ${spec.logFile}.`;
}
