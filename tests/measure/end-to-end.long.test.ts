import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchedRowSchema, type WatchedRow } from '../../tools/measure/row';
import { readSettings } from '../../tools/stack/settings';

/** The real command with a few orders: which figures it prints, not how large they are. */

const runner = join(__dirname, '..', '..', 'tools', 'cli', 'run.mjs');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-compare-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...readSettings().basicEnvironment, TMPDIR: folder };
  const child = spawn(process.execPath, [runner, 'compare', ...args], { env });
  const ended = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (ended.stdout += String(data)));
  child.stderr.on('data', (data) => (ended.stderr += String(data)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ ...ended, code });
    });
  });
}

/** Processes whose command line names a file in this test's folder. */
function processesLeft(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return command.includes(folder) ? [command] : [];
      } catch {
        return [];
      }
    });
}

test('prints a line of JSON for each offered pattern and scenario, and leaves nothing behind', async () => {
  const scenarios = ['plain', 'failing'];
  const options = ['--only', 'lock,saga', '--orders', '3', '--callers', '1', '--json'];
  const { code, stdout, stderr } = await run(...options, '--scenario', ...scenarios);
  expect({ code, stderr: stderr.replace('lock is not offered here.\n', '') }).toEqual({
    code: 0,
    stderr: '',
  });
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => watchedRowSchema.parse(JSON.parse(line)));
  const offered = stderr === '' ? ['lock', 'saga'] : ['saga'];
  expect(rows.map(({ subject, scenario }) => [subject, scenario])).toEqual(
    scenarios.flatMap((scenario) => offered.map((subject) => [subject, scenario])),
  );
  rows.forEach(expectMeasured);
  // One caller's orders share no workflow: each has both actions and the decision.
  const saga = rows.find(({ subject, scenario }) => subject === 'saga' && scenario === 'plain');
  expect(saga?.actions).toEqual({ starts: 1, activities: 3, timers: 0, signals: 0, updates: 0 });
  expect(processesLeft()).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.startsWith('order-'))).toEqual([]);
}, 240_000);

function expectMeasured(row: WatchedRow): void {
  expect(row).toMatchObject({ orders: 3, pending: 0, failed: 0, statementsLost: 0, round: 1 });
  const cancelled = Object.values(row.cancelled).reduce((sum, n) => sum + n, 0);
  expect(row.completed + cancelled).toBe(3);
  expect(row.audit).toBe('clean');
  expect(row.ordersPerSecond).toBeGreaterThan(0);
  expect(row.latencyMs.p99).toBeGreaterThanOrEqual(row.latencyMs.p50);
  expect(row.transactions).toBeGreaterThan(1);
  expect(row.rowsWritten).toBeGreaterThan(3);
  expect(row.lockedMs.orders).toBeGreaterThanOrEqual(3);
  expect(row.lockedMs.any.p50).toBeGreaterThan(0);
  expect(row.isolation.orders).toBe(3);
  expect(row.isolation.snapshots).toBeGreaterThan(3);
  expect(row.isolation.caught).toBeLessThanOrEqual(3);
  if (row.pattern === 'lock') expect(row.isolation.caught).toBe(0);
}

test.each([
  [['--orders', '0'], /whole number from 1/],
  [['--callers', '65'], /from 1 to 64/],
  [['--only', 'nonsense'], /There is no nonsense; there are lock, xa, tcc, saga/],
  [['--scenario', 'nonsense'], /plain, failing, hot/],
])('%j is refused with a sentence', async (args, sentence) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(sentence);
});

test('--help describes every option, what can be compared and the exit code', async () => {
  const { code, stdout } = await run('--help');
  expect(code).toBe(0);
  const words = ['--orders', '--callers', '--only', '--scenario', '--json', '--write', '--rounds'];
  for (const word of [...words, 'saga-alone', 'choreography', 'Exit code 1', 'docs/choosing.md']) {
    expect(stdout).toContain(word);
  }
});
