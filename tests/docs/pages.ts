import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How the tests read the documents. */

export const root = join(__dirname, '..', '..');

export const pages = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
];

export const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** Without blocks of code, whose comments look like headings. */
export const proseOf = (page: string) => textOf(page).replaceAll(/^ *```[^]*?^ *```$/gm, '');

/** The cells of the table with these headings. */
export function tableOf(page: string, ...heads: string[]): string[][] {
  const rows = textOf(page).split('\n').map(cellsOf);
  const at = rows.findIndex((cells) => heads.every((head, i) => cells[i] === head));
  if (at < 0) throw new Error(`${page} has no table ${heads.join(' | ')}`);
  const rest = rows.slice(at + 2);
  const end = rest.findIndex((cells) => cells.length < 2);
  return end < 0 ? rest : rest.slice(0, end);
}

function cellsOf(line: string): string[] {
  const cells = line.trim().split('|').slice(1, -1);
  return cells.map((cell) => cell.trim());
}

/** The texts between backticks. */
export function codeIn(text = ''): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
