import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { codeIn, root, tableOf, textOf } from './pages';

/** The files that a pattern touches, for a pattern that needs all of them. */

const page = 'docs/adding-a-pattern.md';
const product = ['contracts', 'workflows', 'activities', 'workers', 'api', 'audit', 'migrations'];
const files = execFileSync('git', ['ls-files', ...product, 'tools/matrix'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => file.endsWith('.ts'));

const isOwn = (file: string) => basename(file) === 'tcc.ts';
const withoutComments = (file: string) => textOf(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

/** The files, except the pattern's own, that contain this. */
function filesWith(pattern: RegExp, among = files): string[] {
  return among.filter((file) => !isOwn(file) && pattern.test(withoutComments(file)));
}

function named(heading: string): string[] {
  return tableOf(page, 'file', heading)
    .flatMap(([file]) => codeIn(file))
    .map((file) => file.replace('<pattern>', 'tcc'))
    .sort();
}

const sorted = (some: readonly string[]) => [...new Set(some)].sort();

it('names every file that has a pattern', () => {
  const importers = filesWith(/from '[^']*\/tcc'/).filter((file) => !file.startsWith('activities'));
  expect(named('what it says about the pattern')).toEqual(
    sorted([
      ...files.filter((file) => isOwn(file) && !file.startsWith('activities')),
      ...importers,
      ...filesWith(/(?<!Partial<)Record<Pattern,/),
      ...filesWith(/placeByTcc/),
      ...filesWith(/\bpatterns = \[/),
    ]),
  );
});

it('names every file that has a pattern’s steps', () => {
  const rooms = /^(contracts\/participants|activities\/participant|audit)\//;
  const shared = ['shared/steps', 'shared/summaries', 'ui/order-states'].map((one) =>
    join('workflows', `${one}.ts`),
  );
  const among = files.filter((file) => rooms.test(file) || shared.includes(file));
  expect(named('what it says about the steps')).toEqual(
    sorted([
      ...files.filter((file) => isOwn(file) && file.startsWith('activities')),
      ...filesWith(/\btcc\b(?!`)/, among),
    ]),
  );
});

it('no other protocol file knows the pattern’s name', () => {
  expect(filesWith(/'tcc'(?!\])/).filter((file) => !file.startsWith('tools/matrix/'))).toEqual([
    'contracts/order.ts',
    'contracts/recovery.ts',
  ]);
});
