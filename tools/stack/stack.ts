import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Placement } from '../../contracts/limits';
import { databasesAreCurrent, prepareDatabases } from './databases';
import { placeFirstOrder } from './first-order';
import { endLeftBranches, waitForOrders } from './orderly-end';
import { apiProcess, workflowProcess } from './parts';
import { appProcesses } from './processes';
import { dataFolderOf, prepareMysqlServers, type Programs } from './servers';
import { temporalProcess, temporalServer } from './servers';
import type { StackSettings } from './settings';
import { mysqlServers, type StackFile } from './stack-file';
import type { RestartRequest } from './restart';
import { describeStack, startingState, writeLiveState } from './state';
import type { LiveState, ProcessRecord } from './state';
import type { Death } from './supervised-process';
import { Supervisor } from './supervisor';
import type { Terminal } from './terminal';

/** A process that cannot start says so by then, and one that is slow has had its time. */
const startLimits = { msMax: 60_000, deathsMax: 5 };
/** A process that keeps dying is spoken of often at first, then now and then. */
const deathsSaid = { first: 5, thenEvery: 10 };

/** The whole stack of a clone: its servers, databases and processes, up, reset and down. */
export class Stack {
  private readonly supervisor: Supervisor;
  private readonly live: LiveState = startingState();
  private readonly died = new Set<string>();

  constructor(
    private settings: StackSettings,
    private readonly file: StackFile,
    private readonly programs: Programs,
    private readonly terminal: Terminal,
  ) {
    mkdirSync(join(settings.localFolder, 'logs'), { recursive: true, mode: 0o700 });
    this.supervisor = new Supervisor({
      changed: (processes) => {
        this.noteProcesses(processes);
      },
      died: (death) => {
        this.sayDeath(death);
      },
    });
  }

  /** Starts everything, and places a first order through it. Answers the order's id. */
  async up(): Promise<string> {
    this.enter('starting');
    await this.startAll();
    const orderId = await placeFirstOrder(describeStack(this.file));
    this.enter('running');
    return orderId;
  }

  /** Ends everything in order. What is being started is given up. */
  async down(): Promise<void> {
    this.supervisor.close();
    this.enter('stopping');
    await this.stopInOrder();
  }

  /**
   * Ends everything, and starts it again. A reset returns to the seeded world: whole folders go,
   * Temporal's data too, so that no prepared branch and no open session can hold it up.
   */
  async restart({ reset, placement }: RestartRequest): Promise<void> {
    if (this.live.phase !== 'running') return;
    const { settings, terminal, live } = this;
    const { restarts } = live;
    this.enter(reset ? 'resetting' : 'restarting');
    const how = reset
      ? 'Resetting: all data are thrown away'
      : 'Restarting: everything ends in order';
    terminal.say(`${how} …`);
    try {
      await this.stopAll();
      if (reset) rmSync(dataFolderOf(settings), { recursive: true, force: true });
      this.settings = placedIn(settings, placement);
      await this.startAll();
      restarts.error = null;
      if (reset) terminal.say('The stack runs in the seeded world.');
    } catch (error) {
      restarts.error = error instanceof Error ? error.message : String(error);
      terminal.say(`The ${reset ? 'reset' : 'restart'} failed: ${restarts.error}`);
    }
    restarts.done += 1;
    this.enter('running');
  }

  /**
   * The processes wait for Temporal, and for the databases only where those have yet to be made or
   * migrated: loading them takes as long as MySQL's start, and they bear its absence.
   */
  private async startAll(): Promise<void> {
    const { settings, file, programs, supervisor, terminal } = this;
    const isCurrent = await databasesAreCurrent(dataFolderOf(settings));
    const databases = terminal.step(
      'MySQL answers; databases are migrated and seeded',
      async () => {
        const servers = await prepareMysqlServers(file, settings, programs);
        await supervisor.start(servers, startLimits);
        await prepareDatabases(file, dataFolderOf(settings), settings.environment);
      },
    );
    const startProcesses = async (): Promise<void> => {
      await terminal.step('Temporal answers', () =>
        supervisor.start([temporalServer(file, settings, programs)], startLimits),
      );
      if (!isCurrent) await databases;
      const processes = appProcesses(file, settings);
      const names = processes.map(({ name }) => name).join(', ');
      await terminal.step(`Ready: ${names}`, () => supervisor.start(processes, startLimits));
    };
    await Promise.all([databases, startProcesses()]);
  }

  /**
   * No branch stays prepared. Callers are sent away first; the orders that they have brought come
   * to their end; then nothing is begun any more, and who ends branches ends last. Whatever is
   * still prepared then, as after a bound or a kill, is ended here.
   */
  private async stopInOrder(): Promise<void> {
    const { supervisor, file } = this;
    const isRunning = (name: string) =>
      supervisor.records.some((one) => one.name === name && one.pid !== null);
    const hadOrders = isRunning(workflowProcess) || isRunning(apiProcess);
    await supervisor.stop([[apiProcess]]);
    if (isRunning(workflowProcess)) await waitForOrders(file);
    await supervisor.stop([[workflowProcess], this.workers()]);
    if (hadOrders) for (const line of await endLeftBranches(file)) this.terminal.say(line);
    await this.stopServers();
  }

  /** Orders need not come to their end: their data are thrown away, or recovery takes them up. */
  private async stopAll(): Promise<void> {
    await this.supervisor.stop([[apiProcess], [workflowProcess, ...this.workers()]]);
    await this.stopServers();
  }

  private workers(): string[] {
    const names = appProcesses(this.file, this.settings).map(({ name }) => name);
    return names.filter((name) => name !== apiProcess && name !== workflowProcess);
  }

  private async stopServers(): Promise<void> {
    const servers = mysqlServers(this.file.separateDatabases).map(({ name }) => name);
    await this.supervisor.stop([[temporalProcess], servers]);
  }

  private enter(phase: LiveState['phase']): void {
    this.live.phase = phase;
    this.noteProcesses(this.supervisor.records);
  }

  private noteProcesses(processes: ProcessRecord[]): void {
    const { live } = this;
    live.processes = processes;
    const works = live.phase === 'running' && live.restarts.error === null;
    live.ready = works && processes.every(({ state }) => state === 'ready');
    writeLiveState(this.settings.localFolder, live);
    for (const { name, state } of processes) {
      if (state === 'ready' && this.died.delete(name)) this.terminal.say(`${name} is ready again`);
    }
  }

  private sayDeath({ name, reason, lastLogLine, restartInMs, count }: Death): void {
    this.died.add(name);
    if (count > deathsSaid.first && count % deathsSaid.thenEvery !== 0) return;
    const words = lastLogLine ? `Its log ends with: ${lastLogLine}` : 'Its log is empty.';
    this.terminal.say(
      `${name} died (${reason}) and starts again in ${String(restartInMs)} ms. ${words}`,
    );
  }
}

function placedIn(settings: StackSettings, placement: Placement | undefined): StackSettings {
  if (placement === undefined) return settings;
  return { ...settings, environment: { ...settings.environment, PLACEMENT: placement } };
}
