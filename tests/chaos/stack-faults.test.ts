import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Faults } from '../../tools/chaos/faults';
import type { FaultKind } from '../../tools/chaos/plan';
import { takeLock, type HeldLock } from '../../tools/stack/lock';
import { takeRestartRequest } from '../../tools/stack/restart';
import { stackLockPath, startingState, writeLiveState } from '../../tools/stack/state';
import type { RunningStack } from '../../tools/stack/state';

/** Faults of the whole stack, with the test as the supervisor. */

const running = new AbortController().signal;
let folder: string;
let lock: HeldLock | undefined;
let restarts: number;
/** What the fault requested of the supervisor, and whether the supervisor does it. */
let asked: unknown[];
let obeys: boolean;

const names = { separate: ['api', 'workflow-worker'], local: ['api'] };

function note(placement: keyof typeof names): void {
  const processes = names[placement].map((name, i) => ({
    name,
    pid: 1_000_000 + restarts * 10 + i,
    state: 'ready' as const,
    marker: '',
    startedAt: '',
  }));
  const state = { ...startingState(), phase: 'running' as const, ready: true, processes };
  writeLiveState(folder, { ...state, restarts: { done: asked.length, error: null } });
}

const supervise = () => {
  const request = takeRestartRequest(folder);
  asked.push(request);
  if (obeys) restarts += 1;
  note(obeys ? (request?.placement ?? 'separate') : 'separate');
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'order-stack-faults-'));
  lock = takeLock(stackLockPath(folder));
  [restarts, asked, obeys] = [0, [], true];
  note('separate');
  const kill = process.kill.bind(process);
  // The signal would reach the tests' own process.
  jest.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    if (signal !== 'SIGUSR2') return kill(pid, signal);
    supervise();
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  lock?.release();
  rmSync(folder, { recursive: true });
});

async function fire(kind: FaultKind): Promise<string[]> {
  const told: string[] = [];
  const field = { localFolder: folder, databases: {} as RunningStack['databases'], processes: [] };
  const faults = new Faults({ ...field, cutCallers: () => undefined });
  const fault = { atMs: 0, kind, target: 'stack', forMs: 50 };
  await faults.fire(fault, running, (what) => told.push(what));
  return told;
}

test('reports a stop once every earlier process is gone', async () => {
  expect(await fire('stop')).toEqual(['2 processes ended in order']);
  expect(asked).toEqual([{}]);
});

test('does not count a stop in which a process stayed', async () => {
  obeys = false;
  await expect(fire('stop')).rejects.toThrow(/not stopped: 1000000, 1000001/);
});

test('moves to the other placement and back', async () => {
  expect(await fire('move')).toEqual([
    '2 processes ended in order; placement local instead of separate',
  ]);
  expect(asked).toEqual([{ placement: 'local' }, { placement: 'separate' }]);
});
