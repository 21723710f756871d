import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyWith, readChange } from '../../tools/extension/copy';
import { runIn } from './run-in';

/**
 * Adds a third participant to a copy of the tree, exactly as docs/adding-a-participant.md says.
 * Everything else must follow from it: orders.long.test.ts compiles the copy and places orders in
 * it.
 */

const { page, change } = readChange();
const touched = [...change.matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, file = '']) => file);
/** May only decrease. */
const touchedMax = 5;

let copy: string;

beforeAll(() => {
  copy = copyWith(change);
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

it(`touches ${String(touched.length)} files`, () => {
  expect(touched.length).toBeGreaterThan(0);
  expect(touched.length).toBeLessThanOrEqual(touchedMax);
  expect(page).toContain(`touches ${String(touched.length)} files`);
});

it('gives the coupon its own container in the generated compose file', async () => {
  await runIn(copy, 'tsx/cli', [join(copy, 'tools', 'cli', 'compose.ts')]);
  const compose = readFileSync(join(copy, 'docker-compose.yml'), 'utf8');
  expect(compose).toContain('  coupon-worker:\n');
  expect(compose).toContain('  mysql-coupon:\n');
});
