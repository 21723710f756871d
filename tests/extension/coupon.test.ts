import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { copyWith, readChange } from '../../tools/extension/copy';
import { readSettings } from '../../tools/stack/settings';

/**
 * A third participant is added to a copy of the tree, as docs/adding-a-participant.md says and no
 * other way. Everything else must follow from it.
 */

const { page, change } = readChange();
const touched = [...change.matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, file = '']) => file);
/** May become smaller, and never greater. */
const touchedMax = 5;
const outputBytesMax = 10_000_000;

const { basicEnvironment: env } = readSettings();
let copy: string;

beforeAll(() => {
  copy = copyWith(change);
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

/** Runs a program of our packages in the copy; fails with what it said. */
async function run(program: string, args: string[]): Promise<void> {
  const all = [require.resolve(program), ...args];
  try {
    await promisify(execFile)(process.execPath, all, { cwd: copy, env, maxBuffer: outputBytesMax });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

it(`touches ${String(touched.length)} files`, () => {
  expect(touched.length).toBeGreaterThan(0);
  expect(touched.length).toBeLessThanOrEqual(touchedMax);
  expect(page).toContain(`touches ${String(touched.length)} files`);
});

it('leaves nothing to the compiler', async () => {
  await run('typescript/bin/tsc', ['--noEmit', '-p', copy]);
}, 120_000);

it('gives the coupon a container of its own, once the compose file is generated', async () => {
  await run('tsx/cli', [join(copy, 'tools', 'cli', 'compose.ts')]);
  const compose = readFileSync(join(copy, 'docker-compose.yml'), 'utf8');
  expect(compose).toContain('  coupon-worker:\n');
  expect(compose).toContain('  mysql-coupon:\n');
});

it('places orders with and without a coupon in every pattern, and is audited', async () => {
  const tests = join(copy, 'tests', 'extension', 'in-the-copy.ts');
  await run('jest/bin/jest', ['--rootDir', copy, '--testMatch', tests]);
}, 180_000);
