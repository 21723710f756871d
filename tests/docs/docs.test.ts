import { summaries } from '../../workflows/shared/summaries';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ruleIds } from '../../audit/rules';
import { alertKinds } from '../../contracts/alerts';
import { events } from '../../contracts/events';
import { pages, proseOf, root, textOf } from './pages';

/** What the documents refer to must exist: pages, headings, rules and tests. */

const runbooks = 'docs/runbooks';

const runbookPages = pages.filter(
  (page) => dirname(page) === runbooks && !page.endsWith('README.md'),
);

function headingsOf(page: string, level: string): string[] {
  const headings = proseOf(page).matchAll(new RegExp(`^${level} (.+)$`, 'gm'));
  return [...headings].map(([, heading = '']) => heading);
}

/** The anchor that GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Links within the project, as written. */
function linksOf(page: string): string[] {
  const links = proseOf(page).matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm);
  return [...links]
    .map(([, inline, defined]) => inline ?? defined ?? '')
    .filter((link) => !link.includes('://'));
}

/** A page's links without a target. */
function deadLinksOf(page: string): string[] {
  return linksOf(page).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    if (anchor === undefined || statSync(join(root, target)).isDirectory()) return false;
    return !headingsOf(target, '#+').map(anchorOf).includes(anchor);
  });
}

const testFolders = readdirSync(join(root, 'tests'));

/** The tests that a page cites: `saga/trouble`, and the quoted beginnings of their names. */
function citationsOf(page: string): { file: string; name: string | undefined }[] {
  return proseOf(page)
    .split(/\n\n|\n\||\n- | \| /)
    .flatMap((part) => {
      let file: string | undefined;
      return [
        ...part.matchAll(/`(?:tests\/)?([a-z-]+\/[a-z-]+)(?:\.test\.ts)?`|"([^"]+)"/g),
      ].flatMap(([, path, name]) => {
        if (path !== undefined) {
          file = testFolders.includes(path.split('/')[0] ?? '') ? path : undefined;
        }
        return file === undefined ? [] : [{ file, name }];
      });
    });
}

/** A page's citations of tests that do not exist. */
function deadCitationsOf(page: string): string[] {
  return citationsOf(page).flatMap(({ file, name }) => {
    const paths = ['.test.ts', '.long.test.ts', '.ts'].map((end) =>
      join(root, 'tests', file + end),
    );
    const path = paths.find((one) => existsSync(one));
    if (path === undefined) return existsSync(join(root, 'tests', file)) ? [] : [file];
    if (name === undefined) return [];
    const source = readFileSync(path, 'utf8').replaceAll(/\s+/g, ' ');
    const words = name.replaceAll(/\s+/g, ' ');
    const isThere = ["'", '"', '`'].some((quote) => source.includes(`${quote}${words}`));
    return isThere ? [] : [`${file} "${name}"`];
  });
}

const parts = [
  'What it means',
  'What to look at',
  'What to do',
  'How to know that it is over',
] as const;

it.each(Object.entries(alertKinds))('the alert %s has the page that it names', (kind, page) => {
  expect(page).toBe(`${runbooks}/${kind}.md`);
  expect(existsSync(join(root, page))).toBe(true);
});

it.each(runbookPages)('%s has the sections of a runbook', (page) => {
  expect(headingsOf(page, '##')).toEqual(parts);
});

it.each(runbookPages)('%s is in the index', (page) => {
  const links = linksOf(`${runbooks}/README.md`).map((link) => link.split('#')[0]);
  expect(links).toContain(relative(runbooks, page));
});

it('every rule of the auditor has a row, and no other', () => {
  const rows = textOf(`${runbooks}/audit-finding.md`).matchAll(/^\| `([a-z-]+)` +\|/gm);
  expect([...rows].map(([, rule]) => rule)).toEqual(ruleIds);
});

it('every step of every service has its retries in the runbook', () => {
  const steps = Object.keys(summaries);
  expect(steps.length).toBeGreaterThan(40);
  const page = textOf(`${runbooks}/step-failing.md`);
  expect(steps.filter((step) => !page.includes(`\`${step}\``))).toEqual([]);
});

/** The rows of the page's protocol table; a row without an event continues the one above. */
function protocolOnPage(): string[] {
  const section = textOf('docs/choreography.md').split('## Event → reaction → event\n')[1] ?? '';
  const rows = section.split('\n## ')[0]?.match(/^\|.*\|$/gm) ?? [];
  let event = '';
  let saidBy = '';
  return rows.slice(2).map((row) => {
    const cells = row.split('|').map((cell) => cell.replaceAll('`', '').trim());
    const [, named = '', by = '', reaction = '', emits = ''] = cells;
    if (named !== '') [event, saidBy] = [named, by];
    return [event, saidBy, reaction, emits].join(' | ');
  });
}

it('the table of events and reactions matches the code', () => {
  const written = Object.entries(events).flatMap(([type, { emittedBy, subscriptions }]) =>
    subscriptions.length === 0
      ? [`${type} | ${emittedBy} | nobody's | `]
      : subscriptions.map(({ subscriber, reaction, emits }) =>
          [type, emittedBy, `${subscriber}: ${reaction}`, emits.join(', ')].join(' | '),
        ),
  );
  expect(protocolOnPage()).toEqual(written);
});

it.each(pages)('every link of %s has a target', (page) => {
  expect(deadLinksOf(page)).toEqual([]);
});

it.each(pages)('the tests that %s cites exist', (page) => {
  expect(deadCitationsOf(page)).toEqual([]);
});
