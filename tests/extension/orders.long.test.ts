import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyWith, readChange } from '../../tools/extension/copy';
import { runIn } from './run-in';

/** The copy that has a third participant, as coupon.test.ts makes it, places orders. */

let copy: string;

beforeAll(() => {
  copy = copyWith(readChange().change);
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

it('compiles', async () => {
  await runIn(copy, 'typescript/bin/tsc', ['--noEmit', '-p', copy]);
}, 120_000);

it('places orders with and without a coupon in every pattern, and passes the audit', async () => {
  const tests = join(copy, 'tests', 'extension', 'in-the-copy.ts');
  await runIn(copy, 'jest/bin/jest', ['--rootDir', copy, '--testMatch', tests]);
}, 180_000);
