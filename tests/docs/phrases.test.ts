import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { root, textOf } from './pages';

/** Phrases that plain English does not need; no text, comment or name may contain them. */

const phrases = ['whoever', 'for ever', 'that there is not', 'in vain', 'befall', 'amid'];

/** Also across a line's end and the sign that begins a comment's next line. */
const pattern = new RegExp(
  `\\b(${phrases.map((phrase) => phrase.replaceAll(' ', '[\\s*/]+')).join('|')})\\b`,
  'gi',
);

const files = execFileSync('git', ['ls-files'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => /\.(ts|mjs|cjs|md|yml|sql)$|^(Dockerfile|LICENSE)$/.test(file))
  .filter((file) => basename(file) !== basename(__filename));

it('no file has the phrases', () => {
  expect(files.length).toBeGreaterThan(500);
  const found = files.flatMap((file) =>
    [...textOf(file).matchAll(pattern)].map(([phrase]) => `${file}: ${phrase}`),
  );
  expect(found).toEqual([]);
});
