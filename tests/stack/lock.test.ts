import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../tools/stack/bound-process';
import { endLeftovers } from '../../tools/stack/leftovers';
import { lockHolder, startOf, takeLock } from '../../tools/stack/lock';

let folder: string;
let other: ChildProcess;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'order-lock-'));
  other = spawn('sleep', ['1000']);
});

afterEach(() => {
  other.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function otherPid(): number {
  return other.pid ?? 0;
}

describe('the lock', () => {
  const write = (holder: { pid: number; startedAt: string }): string => {
    const path = join(folder, 'lock');
    writeFileSync(path, JSON.stringify(holder));
    return path;
  };

  it('is taken once, and again after its release', () => {
    const path = join(folder, 'lock');
    const held = takeLock(path);
    expect(lockHolder(path)).toBe(process.pid);
    expect(takeLock(path)).toBeUndefined();
    held?.release();
    expect(lockHolder(path)).toBeUndefined();
    expect(takeLock(path)).toBeDefined();
  });

  it('is not taken from a living process', () => {
    const path = write({ pid: otherPid(), startedAt: startOf(otherPid()) });
    expect(takeLock(path)).toBeUndefined();
    expect(lockHolder(path)).toBe(otherPid());
  });

  it('is taken over from a dead process', () => {
    const path = write({ pid: 2 ** 22 + 1, startedAt: '1' });
    expect(lockHolder(path)).toBeUndefined();
    expect(takeLock(path)).toBeDefined();
    expect(lockHolder(path)).toBe(process.pid);
  });

  it('is taken over if another process has its process id', () => {
    const path = write({ pid: otherPid(), startedAt: '1' });
    expect(takeLock(path)).toBeDefined();
  });

  it('is taken over if it is not readable', () => {
    const path = join(folder, 'lock');
    writeFileSync(path, '{"pid":');
    expect(takeLock(path)).toBeDefined();
  });
});

describe('what a killed supervisor left', () => {
  const record = (more: object) => ({
    name: 'left',
    pid: otherPid(),
    state: 'ready' as const,
    startedAt: startOf(otherPid()),
    marker: 'sleep 1000',
    ...more,
  });

  it('is ended if it is proved to be ours', async () => {
    const gone = new Promise((resolve) => other.once('exit', resolve));
    expect(await endLeftovers([record({})])).toEqual(['left']);
    await gone;
    expect(isAlive(otherPid())).toBe(false);
  });

  it.each([
    ['its command line is not ours', { marker: 'mysqld' }],
    ['it began at another time', { startedAt: '1' }],
    ['it did not run', { pid: null }],
  ])('is left alone if %s', async (_, more) => {
    expect(await endLeftovers([record(more)])).toEqual([]);
    expect(isAlive(otherPid())).toBe(true);
  });
});
