import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The real commands, in a clone whose stack does not run. */

const runner = join(__dirname, '..', '..', 'tools', 'cli', 'run.mjs');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-commands-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function run(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [runner, ...args], { env: { LOCAL_DIR: folder } });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (ended.stdout += String(data)));
  child.stderr.on('data', (data) => (ended.stderr += String(data)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ ...ended, code });
    });
  });
}

test.each([
  ['audit'],
  ['audit', '--json'],
  ['load'],
  ['load', '--orders', '5', '--json'],
  ['load', '--chaos', '1'],
])('%s %s reports that no stack runs, and exits with 2', async (...args) => {
  const { code, stdout, stderr } = await run(...args);
  expect(stderr).toMatch(/No stack of this clone is running/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('load --generate needs no stack, and writes the same orders to stdout and to a file', async () => {
  const file = join(folder, 'orders.jsonl');
  const [toStdout, toFile] = await Promise.all([
    run('load', '--generate', '20', '--seed', '5'),
    run('load', '--generate', '20', '--seed', '5', '--file', file),
  ]);
  expect([toStdout.code, toFile.code, toFile.stdout]).toEqual([0, 0, '']);
  expect(toStdout.stdout.trimEnd().split('\n')).toHaveLength(20);
  expect(await readFile(file, 'utf8')).toBe(toStdout.stdout);
});

test.each([
  ['--orders', '0'],
  ['--callers', '1.5'],
  ['--seed', '-1'],
  ['--chaos', 'monkey'],
  ['--seconds', '9'],
  ['--pattern', 'magic'],
])('load %s %s is refused with the option’s name', async (option, value) => {
  const { code, stderr } = await run('load', option, value);
  expect(code).toBe(1);
  expect(stderr).toContain(option);
});
