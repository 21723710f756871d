import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodeOf } from '../../audit/audit';
import { apiClient, type ApiClient } from '../../tools/load/api-client';
import { auditStack } from '../../tools/load/audit-stack';
import { readSettings } from '../../tools/stack/settings';
import { readLiveState, runningStack, type RunningStack } from '../../tools/stack/state';
import { mintToken } from '../../tools/stack/token';

const clone = join(__dirname, '..', '..');
const startMsMax = 60_000;

/** A test's own stack, started by the users' command. */
export class LiveStack {
  readonly folder = mkdtempSync(join(tmpdir(), 'order-stack-'));
  output = '';
  private starter: ChildProcess | undefined;
  private readonly environment: NodeJS.ProcessEnv;

  /** @param more environment, such as limits and retries */
  constructor(more: NodeJS.ProcessEnv = {}) {
    this.environment = {
      ...readSettings().environment,
      LOCAL_DIR: this.folder,
      // Short, so that a test need not wait for orders that a killed API left.
      ADOPT_AFTER_MS: '5000',
      LOOKOUT_EVERY_MS: '1000',
      ...more,
    };
  }

  start(...args: string[]): void {
    this.starter = this.spawn(['start', ...args]);
    for (const stream of [this.starter.stdout, this.starter.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  /** Runs another command on the stack, to its end. */
  async run(args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = this.spawn(args);
    const said = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, ...said };
  }

  async ready(): Promise<RunningStack> {
    await this.says('ready', true);
    return runningStack({ ...readSettings(this.environment), localFolder: this.folder });
  }

  /** The killed stack's last message was "ready", so wait for the new one's own. */
  async readyAgain(): Promise<RunningStack> {
    await this.says('not ready', false);
    return this.ready();
  }

  /** The process id by name; undefined if it does not run. */
  pidOf(name: string): number | undefined {
    const processes = readLiveState(this.folder)?.processes ?? [];
    return processes.find((process) => process.name === name)?.pid ?? undefined;
  }

  /** Kills the process of this name, which must be alive, and returns its id. */
  kill(name: string): number {
    const pid = this.pidOf(name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** Kills everything at once, the supervisor first, and waits until it is gone. */
  async killAll(): Promise<number> {
    const pids = (readLiveState(this.folder)?.processes ?? []).flatMap(({ pid }) => pid ?? []);
    for (const pid of [Number(this.starter?.pid), ...pids]) process.kill(pid, 'SIGKILL');
    await this.gone();
    return pids.length;
  }

  async end(): Promise<void> {
    this.starter?.kill('SIGTERM');
    await this.gone();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(args: string[]): ChildProcess {
    const options = { cwd: clone, env: this.environment };
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    return spawn(process.execPath, ['tools/cli/run.mjs', ...args], { ...options, stdio });
  }

  private async gone(): Promise<void> {
    const { starter } = this;
    if (!starter || starter.exitCode !== null || starter.signalCode !== null) return;
    await new Promise((resolve) => starter.once('exit', resolve));
  }

  private async says(what: string, ready: boolean): Promise<void> {
    const deadline = Date.now() + startMsMax;
    while ((readLiveState(this.folder)?.ready === true) !== ready) {
      if (Date.now() > deadline) throw new Error(`The stack is never ${what}:\n${this.output}`);
      await sleep(5);
    }
  }
}

/** A client of its API for every customer. */
export function clientOf(stack: RunningStack, connections: number): ApiClient {
  const tokenOf = (customerId: string) => mintToken(stack, { customerId });
  return apiClient({ apiUrl: stack.apiUrl, connections, tokenOf });
}

/** Expects that everything has ended, and that the auditor finds nothing. */
export async function expectClean(stack: RunningStack): Promise<void> {
  const report = await auditStack(stack);
  expect(report.violations).toEqual([]);
  expect(exitCodeOf(report)).toBe(0);
}
