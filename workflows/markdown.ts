import { runbooks, type Runbook } from '../contracts/alerts';

const textLengthMax = 120;

/** A page of docs/runbooks: a link where it is known where they can be read, else its path. */
export function runbookLink(runbook: Runbook, runbooksUrl: string | undefined): string {
  if (runbooksUrl === undefined) return `\`${runbooks[runbook]}\``;
  return `[runbook ${runbook}](${runbooksUrl.replace(/\/$/, '')}/${runbook})`;
}

/** A table of the first rows of so many in `total`, which says how many more there are. */
export function table(heads: string[], rows: string[][], total: number): string[] {
  if (rows.length === 0) return [];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const lines = ['', line(heads), line(heads.map(() => '---')), ...rows.map(line)];
  if (total > rows.length) lines.push('', `… and ${total - rows.length} more`);
  return lines;
}

/** Somebody else's words, such as an error's: in one cell, on one line, and not too many. */
export function quoted(text: string): string {
  const flat = text.replace(/\s+/g, ' ').replace(/[|<>`*[\]\\]/g, (sign) => `\\${sign}`);
  return flat.length > textLengthMax ? `${flat.slice(0, textLengthMax)}…` : flat;
}
