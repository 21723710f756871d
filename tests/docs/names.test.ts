import { summaries } from '../../workflows/shared/summaries';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeIn, pages, proseOf, root, textOf } from './pages';

/** What the documents name must exist: files, functions, tables, columns, settings, decisions. */

/** `deductStock`, `xa_branches`, `ACTION_MS_MAX`. */
const isName = /^([a-z]+([A-Z][a-z]*)+|[a-z]+(_[a-z]+)+|[A-Z]+(_[A-Z]+)+)$/;

/** Paths from the root. */
function filesOn(page: string): string[] {
  const named = codeIn(textOf(page));
  return named.filter((code) => /^[a-z]+\/[\w./-]+\.(ts|sql|json|mjs|yml|md)$/.test(code));
}

it.each(pages)('the files that %s names exist', (page) => {
  const gone = filesOn(page).filter((file) => !existsSync(join(root, file)));
  expect(gone).toEqual([]);
});

/** All source that a page may name, as text. */
function sourceText(): string {
  const folders = ['activities', 'api', 'audit', 'contracts', 'migrations', 'tools'];
  const files = [...folders, 'workers', 'workflows'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs|cjs|sql)$/.test(file))
      .map((file) => join(folder, file)),
  );
  return [...files, 'docker-compose.yml', 'package.json'].map(textOf).join('\n');
}

/** Names of MySQL and Temporal, and names that only a page uses. */
const elsewhere = [
  'sync_binlog',
  'innodb_flush_log_at_trx_commit',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'deprecatePatch',
  'AUTO_UPGRADE',
  'WORKFLOW_TASK_FAILED',
  'BUILD_ID',
  'owned_s',
];

describe('the names of code', () => {
  const words = new Set([...(sourceText().match(/\w+/g) ?? []), ...Object.keys(summaries)]);

  it.each(pages)('that %s uses exist', (page) => {
    const names = codeIn(proseOf(page)).filter((code) => isName.test(code));
    expect(
      [...new Set(names)].filter((name) => !words.has(name) && !elsewhere.includes(name)),
    ).toEqual([]);
  });
});

describe('the log lines', () => {
  const source = sourceText();

  it.each(pages)('that %s quotes exist', (page) => {
    const text = textOf(page);
    const quoted = text.matchAll(/grep -h '([^']+)'|\b(?:log|log line) \(?`([^`]+)`/g);
    const lines = [...quoted].map(([, searched, said]) => searched ?? said ?? '');
    expect(lines.filter((line) => !source.includes(line))).toEqual([]);
  });
});

it('the index lists every decision in order', () => {
  const files = readdirSync(join(root, 'docs', 'decisions')).filter((file) => /^\d/.test(file));
  const linked = textOf('docs/decisions/README.md').match(/\d{4}-[\w-]+\.md/g);
  expect(linked).toEqual(files.sort());
});
