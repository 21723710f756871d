import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloneFolder } from '../stack/settings';
import { pollMs } from './loads';
import type { WatchedRow } from './row';
import { comparison, type Section } from './table';

const page = join(cloneFolder, 'docs', 'comparison.md');
const markers = { begin: '<!-- compare:begin -->', end: '<!-- compare:end -->' };

/** Writes the tables into the page; answers which page that is. */
export async function writePage(rows: readonly WatchedRow[]): Promise<string> {
  const { format } = await import('prettier');
  const text = await format(withTables(readFileSync(page, 'utf8'), rows), { parser: 'markdown' });
  writeFileSync(page, text);
  return page;
}

/**
 * The page with these figures between its markers, and nothing else of it changed.
 *
 * @throws Error when the page has not both markers.
 */
export function withTables(text: string, rows: readonly WatchedRow[]): string {
  const begin = text.indexOf(markers.begin);
  const end = text.indexOf(markers.end);
  if (begin < 0 || end < begin) {
    throw new Error(`docs/comparison.md needs ${markers.begin} and, below it, ${markers.end}`);
  }
  const parts = [circumstances(rows), ...comparison(rows).map(markdownOf)];
  const between = `${markers.begin}\n\n${parts.join('\n\n')}\n\n`;
  return text.slice(0, begin) + between + text.slice(end);
}

/** What the figures depend on. */
function circumstances(rows: readonly WatchedRow[]): string {
  const ordersMin = Math.min(...rows.map(({ orders }) => orders));
  const ordersMax = Math.max(...rows.map(({ orders }) => orders));
  const orders = ordersMin === ordersMax ? ordersMax : `${ordersMin} to ${ordersMax}`;
  const averages = rows.map(({ loadAverage }) => loadAverage);
  const loads = [Math.min(...averages), Math.max(...averages)].map((n) => n.toFixed(1));
  const rounds = Math.max(...rows.map(({ round }) => round));
  const lost = rows.reduce((sum, { statementsLost }) => sum + statementsLost, 0);
  return (
    `One run of \`npm run compare\`: ${orders} orders in each measurement, ` +
    `${rows[0]?.callers ?? 0} callers, rounds: ${rounds}${rounds > 1 ? ' (medians)' : ''}; ` +
    `load average ${loads.join(' to ')}, the comparison's own load included. Callers of an order ` +
    `that has not ended look again every ${pollMs} ms. Statements not heard: ${lost}.`
  );
}

function markdownOf({ title, cells: [heads = [], ...lines] }: Section): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(heads.map((_, i) => (i === 0 ? '---' : '---:')));
  return [`### ${title}`, '', line(heads), rule, ...lines.map(line)].join('\n');
}
