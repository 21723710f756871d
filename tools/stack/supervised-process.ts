import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { spawnBound, type ServerCommand } from './bound-process';
import { startOf } from './lock';
import { lastLogLine, rotateLog } from './logs';
import type { ProcessRecord, ProcessState } from './state';

/** A process to be kept alive. */
export interface ProcessSpec {
  name: string;
  /** Asked before every start, so that it may tidy up after the last one. */
  command: () => ServerCommand;
  logFile: string;
  /** `message`: the child sends `ready`. Otherwise it is asked until it answers true. */
  isReady: 'message' | (() => Promise<boolean>);
  /** How long it may take to end before it is killed. */
  stopMsMax: number;
  /** A part of its command line which no process of anybody else has. */
  marker: string;
}

/** How soon a process that died is started again; configurable so that tests can hurry. */
export interface RestartTiming {
  firstDelayMs: number;
  delayMsMax: number;
  /** A process that lived this long starts again at the first delay. */
  forgottenAfterMs: number;
  probeEveryMs: number;
}

export const defaultTiming: RestartTiming = {
  firstDelayMs: 100,
  delayMsMax: 2_000,
  forgottenAfterMs: 5_000,
  probeEveryMs: 50,
};

/** What became of a process that was not told to end. */
export interface Death {
  name: string;
  /** Such as `exit code 1` or `SIGKILL`. */
  reason: string;
  lastLogLine: string;
  restartInMs: number;
  /** Deaths in a row, this one included. */
  count: number;
}

export interface ProcessEvents {
  changed: () => void;
  died: (death: Death) => void;
}

/**
 * One process and its state: started, watched until it is ready, started again when it dies with
 * a delay that doubles, and ended when told to.
 */
export class SupervisedProcess {
  state: ProcessState = 'stopped';
  /** Deaths in a row. */
  deaths = 0;
  private child: ChildProcess | undefined;
  private launchedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private onStopped: (() => void)[] = [];

  constructor(
    readonly spec: ProcessSpec,
    private readonly events: ProcessEvents,
    private readonly timing: RestartTiming,
  ) {}

  /** What it is now, and how it could be recognised by a supervisor to come. */
  get record(): ProcessRecord {
    const { name, marker } = this.spec;
    const pid = this.child?.pid ?? null;
    return { name, pid, state: this.state, marker, startedAt: pid === null ? '' : startOf(pid) };
  }

  start(): void {
    if (this.state !== 'stopped') return;
    this.deaths = 0;
    this.launch();
  }

  /** Ends it: SIGTERM, then SIGKILL when it takes too long. Resolves once it is gone. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const { child } = this;
    if (!child) {
      this.become('stopped');
      return;
    }
    const gone = new Promise<void>((resolve) => this.onStopped.push(resolve));
    this.become('stopping');
    child.kill('SIGTERM');
    this.timer = setTimeout(() => child.kill('SIGKILL'), this.spec.stopMsMax);
    await gone;
  }

  /** Kills it at once, and does not start it again. */
  kill(): void {
    clearTimeout(this.timer);
    this.state = this.child ? 'stopping' : 'stopped';
    this.child?.kill('SIGKILL');
  }

  private launch(): void {
    const { spec } = this;
    this.launchedAt = Date.now();
    let child: ChildProcess;
    try {
      rotateLog(spec.logFile);
      const log = openSync(spec.logFile, 'a', 0o600);
      const channel = spec.isReady === 'message' ? (['ipc'] as const) : [];
      child = spawnBound(spec.command(), ['ignore', log, log, ...channel], 'own');
      closeSync(log);
    } catch (error) {
      this.ended(String(error));
      return;
    }
    this.child = child;
    this.become('starting');
    child.once('error', (error) => {
      // It could not be started, or a signal could not be sent; only the first has no end to come.
      if (child.pid === undefined) this.ended(error.message);
    });
    child.once('exit', (code, signal) => {
      this.ended(signal ?? `exit code ${String(code)}`);
    });
    if (spec.isReady === 'message') {
      child.on('message', (message) => {
        if (message === 'ready') this.becameReady(child);
      });
    } else {
      void this.probe(child, spec.isReady);
    }
  }

  private async probe(child: ChildProcess, isReady: () => Promise<boolean>): Promise<void> {
    while (this.child === child && this.state === 'starting') {
      if (await isReady().catch(() => false)) this.becameReady(child);
      else await new Promise((resolve) => setTimeout(resolve, this.timing.probeEveryMs));
    }
  }

  private becameReady(child: ChildProcess): void {
    if (this.child === child && this.state === 'starting') this.become('ready');
  }

  private ended(reason: string): void {
    this.child = undefined;
    clearTimeout(this.timer);
    if (this.state === 'stopping') {
      this.become('stopped');
      for (const resolve of this.onStopped.splice(0)) resolve();
      return;
    }
    const { firstDelayMs, delayMsMax, forgottenAfterMs } = this.timing;
    if (Date.now() - this.launchedAt >= forgottenAfterMs) this.deaths = 0;
    const restartInMs = Math.min(firstDelayMs * 2 ** this.deaths, delayMsMax);
    this.deaths += 1;
    this.become('waiting');
    this.timer = setTimeout(() => {
      this.launch();
    }, restartInMs);
    const { name, logFile } = this.spec;
    const lastLine = lastLogLine(logFile);
    this.events.died({ name, reason, lastLogLine: lastLine, restartInMs, count: this.deaths });
  }

  private become(state: ProcessState): void {
    this.state = state;
    this.events.changed();
  }
}
