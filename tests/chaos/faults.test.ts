import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Faults } from '../../tools/chaos/faults';
import type { Fault, FaultKind } from '../../tools/chaos/plan';
import { isAlive } from '../../tools/stack/bound-process';
import { startOf } from '../../tools/stack/lock';
import { startingState, writeLiveState, type RunningStack } from '../../tools/stack/state';

/** Faults of a process that only counts. */

const noDatabases = {} as RunningStack['databases'];
const running = new AbortController().signal;
let folder: string;
let victim: ChildProcess;
let pid: number;
let cuts: number;
let faults: Faults;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'order-faults-'));
  victim = spawn(process.execPath, [
    '-e',
    "process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000)",
  ]);
  await new Promise((resolve) => victim.stdout?.once('data', resolve));
  pid = victim.pid ?? 0;
  note(startOf(pid));
  cuts = 0;
  const field = { localFolder: folder, databases: noDatabases, processes: ['victim'] };
  faults = new Faults({ ...field, cutCallers: () => (cuts += 1) });
});

afterEach(() => {
  victim.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function note(startedAt: string): void {
  const record = { name: 'victim', pid, state: 'ready', marker: '', startedAt } as const;
  writeLiveState(folder, { ...startingState(), processes: [record] });
}

function fault(kind: FaultKind, forMs = 0, target = 'victim'): Fault {
  return { atMs: 0, kind, target, forMs };
}

async function fire(one: Fault, signal = running): Promise<string[]> {
  const told: string[] = [];
  await faults.fire(one, signal, (what) => told.push(what));
  return told;
}

/** `T` is stopped. */
function stateOf(process: number): string {
  const stat = readFileSync(`/proc/${process}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i += 1) await sleep(10);
  expect(holds()).toBe(true);
}

test('a kill is reported, and over once the process is gone', async () => {
  expect(await fire(fault('kill'))).toEqual([`SIGKILL to process ${pid}`]);
  expect(isAlive(pid)).toBe(false);
  expect(victim.signalCode).toBe('SIGKILL');
});

test('a restart lets the process end in order', async () => {
  expect(await fire(fault('restart'))).toEqual([`SIGTERM to process ${pid}`]);
  expect(victim.exitCode).toBe(7);
});

test('a freeze stops the process for its time, and then the process continues', async () => {
  const over = fire(fault('freeze', 500));
  await until(() => stateOf(pid) === 'T');
  expect(await over).toEqual([`SIGSTOP to process ${pid}`]);
  await until(() => stateOf(pid) !== 'T');
});

test('a freeze ends with the run', async () => {
  const stop = new AbortController();
  const over = fire(fault('freeze', 60_000), stop.signal);
  await until(() => stateOf(pid) === 'T');
  stop.abort();
  await over;
  await until(() => stateOf(pid) !== 'T');
});

test('all freezes can be ended at once', async () => {
  const stop = new AbortController();
  const over = fire(fault('freeze', 60_000), stop.signal);
  await until(() => stateOf(pid) === 'T');
  faults.thawAll();
  await until(() => stateOf(pid) !== 'T');
  stop.abort();
  await over;
});

test('waits for a process that just died, and spares the new holder of its id', async () => {
  note('another time');
  const over = fire(fault('kill'));
  await sleep(200);
  expect(isAlive(pid)).toBe(true);
  note(startOf(pid));
  expect(await over).toEqual([`SIGKILL to process ${pid}`]);
});

test('lets the callers cut their own connections', async () => {
  expect(await fire(fault('cut', 0, 'callers'))).toEqual(['every connection to the API destroyed']);
  expect(cuts).toBe(1);
});
