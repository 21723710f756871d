import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { goneWithin, signal as sendSignal } from '../stack/bound-process';
import { startOf } from '../stack/lock';
import { readLiveState, type DatabaseAccess, type RunningStack } from '../stack/state';
import type { Fault, FaultKind } from './plan';
import {
  holdOrders,
  lockAllTables,
  makeReadOnly,
  withAdmin,
  type ServerFault,
} from './server-faults';
import { moveThereAndBack, stopAndStart } from './stack-faults';
import { callersTarget, servedBy, sessionsOf, stackTarget } from './targets';
import { stopMsMaxOf } from '../../workers/wiring/stopping';

/** What faults are done to. */
export interface FaultField {
  /** The folder of the running stack. */
  localFolder: string;
  databases: RunningStack['databases'];
  processes: readonly string[];
  cutCallers: () => void;
}

/** What is down or frozen by another fault is soon back; the next fault waits for that. */
const findMsMax = 60_000;
const pollMs = 50;
/** As long as the supervisor itself waits, where it waits longest. */
const restartMsMax = stopMsMaxOf.local(0);
const goneMsMax = 10_000;

/** Does faults to a running stack, and undoes what does not heal by itself. */
export class Faults {
  private readonly frozen = new Map<number, string>();
  /** While the stack is stopped and started nothing else is done to it. */
  private stackIsBack: Promise<unknown> = Promise.resolve();

  constructor(private readonly field: FaultField) {}

  /**
   * Does one fault; resolves when it is over: the process thawed or gone, the connections cut.
   *
   * @param fired told what was done, once it is
   * @throws Error when there is nothing to do it to, or when it has no effect
   */
  async fire(fault: Fault, signal: AbortSignal, fired: (what: string) => void): Promise<void> {
    const { kind, target, forMs } = fault;
    if (target === callersTarget) {
      this.field.cutCallers();
      fired('every connection to the API destroyed');
      return;
    }
    if (target === stackTarget) {
      await this.stackFault(fault, signal, fired);
      return;
    }
    await this.stackIsBack.catch(() => undefined);
    const onServer = serverFaults[kind];
    if (onServer) {
      await this.onServer(onServer, fault, signal, fired);
      return;
    }
    if (kind === 'cut') {
      fired(`${String(await this.cut(target))} database sessions killed`);
      return;
    }
    const sent = signals[kind];
    if (!sent) throw new Error(`Nothing is known of ${kind} ${target}`);
    const { pid, startedAt } = await this.signalProcess(target, sent);
    fired(`${sent} to process ${String(pid)}`);
    if (kind === 'freeze') {
      this.frozen.set(pid, startedAt);
      await sleep(forMs, undefined, { signal }).catch(() => undefined);
      this.thaw(pid, startedAt);
      return;
    }
    if (kind === 'restart' && !(await goneWithin(pid, restartMsMax))) sendSignal(pid, 'SIGKILL');
    if (await goneWithin(pid, goneMsMax)) return;
    throw new Error(`${target}, process ${String(pid)}, lives on`);
  }

  /** Ends every freeze. */
  thawAll(): void {
    for (const [pid, startedAt] of this.frozen) this.thaw(pid, startedAt);
  }

  /** One after the other. */
  private async stackFault(
    { kind, forMs }: Fault,
    signal: AbortSignal,
    fired: (what: string) => void,
  ): Promise<void> {
    const { localFolder } = this.field;
    const before = this.stackIsBack.catch(() => undefined);
    const done = before.then(async () => {
      if (kind === 'move') return moveThereAndBack(localFolder, forMs, signal, fired);
      fired(`${String(await stopAndStart(localFolder))} processes ended in order`);
    });
    this.stackIsBack = done;
    await done;
  }

  /** The server may be down or frozen by another fault: then it is tried again until it was met. */
  private async onServer(
    act: (fault: ServerFault) => Promise<void>,
    { kind, target, forMs }: Fault,
    signal: AbortSignal,
    fired: (what: string) => void,
  ): Promise<void> {
    const service = servedBy(target);
    if (!service) throw new Error(`${target} is no MySQL server`);
    const met: string[] = [];
    const isMet = () => met.length > 0;
    const deadline = Date.now() + findMsMax;
    while (!isMet() && !signal.aborted) {
      const tell = (what: string) => {
        if (met.push(what) === 1) fired(what);
      };
      const database = this.field.databases[service];
      try {
        await act({ database, forMs, signal, met: tell });
      } catch (error) {
        // What was met has ended with the server; that it was met stays true.
        if (!isMet() && Date.now() > deadline) throw error;
        await sleep(pollMs);
      }
      if (!isMet() && Date.now() > deadline) throw new Error(`Nobody met ${kind} ${target}`);
    }
  }

  private thaw(pid: number, startedAt: string): void {
    this.frozen.delete(pid);
    // It may have been killed while it was frozen, and its id given to somebody else.
    if (startOf(pid) === startedAt) sendSignal(pid, 'SIGCONT');
  }

  private async signalProcess(
    name: string,
    sent: NodeJS.Signals,
  ): Promise<{ pid: number; startedAt: string }> {
    const deadline = Date.now() + findMsMax;
    while (Date.now() < deadline) {
      const { processes = [] } = readLiveState(this.field.localFolder) ?? {};
      const record = processes.find((process) => process.name === name);
      const { pid = null, startedAt = '' } = record ?? {};
      // The record outlives its process for a moment.
      if (pid !== null && startOf(pid) === startedAt && sendSignal(pid, sent))
        return { pid, startedAt };
      await sleep(pollMs);
    }
    throw new Error(`${name} does not run`);
  }

  /** Its server may be down or frozen by another fault: then it waits for that to be over. */
  private async cut(target: string): Promise<number> {
    const { databases, processes } = this.field;
    const usersByServer = new Map<number, { database: DatabaseAccess; users: Set<string> }>();
    for (const { service, user } of sessionsOf(target, processes)) {
      const database = databases[service];
      const server = usersByServer.get(database.port) ?? { database, users: new Set() };
      server.users.add(user);
      usersByServer.set(database.port, server);
    }
    const deadline = Date.now() + findMsMax;
    for (;;) {
      try {
        const counts = [...usersByServer.values()].map(({ database, users }) =>
          killSessions(database, [...users]),
        );
        const killed = (await Promise.all(counts)).reduce((sum, n) => sum + n, 0);
        // A process that has just begun has none yet; to have cut nothing would be no fault.
        if (killed === 0) throw new Error(`${target} has no database session`);
        return killed;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(pollMs);
      }
    }
  }
}

const signals: Partial<Record<FaultKind, NodeJS.Signals>> = {
  kill: 'SIGKILL',
  freeze: 'SIGSTOP',
  restart: 'SIGTERM',
};
const serverFaults: Partial<Record<FaultKind, (fault: ServerFault) => Promise<void>>> = {
  lock: lockAllTables,
  'read-only': makeReadOnly,
  hold: holdOrders,
};

async function killSessions(database: DatabaseAccess, users: string[]): Promise<number> {
  return withAdmin({ database }, async (admin) => {
    const [sessions] = await admin.query<RowDataPacket[]>(
      'SELECT id FROM information_schema.processlist WHERE user IN (?)',
      [users],
    );
    for (const { id } of sessions as { id: number }[]) {
      // One that has just ended by itself needs no killing.
      await admin.query('KILL CONNECTION ?', [id]).catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'ER_NO_SUCH_THREAD') throw error;
      });
    }
    return sessions.length;
  });
}
