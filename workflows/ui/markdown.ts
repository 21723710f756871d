import { runbooks, type Runbook } from '../../contracts/alerts';

const textLengthMax = 120;
/** The number of rows in a table; an operator reads one page. */
const rowsShownMax = 50;

/** A page of docs/runbooks: a link if the base URL is known, else its path. */
export function runbookLink(runbook: Runbook, runbooksUrl: string | undefined): string {
  if (runbooksUrl === undefined) return `\`${runbooks[runbook]}\``;
  return `[runbook ${runbook}](${runbooksUrl.replace(/\/$/, '')}/${runbook})`;
}

/** A table of the first rows, which says how many more there are. */
export function tableOf<T>(
  heads: string[],
  all: readonly T[],
  cellsOf: (one: T) => string[],
  shownMax = rowsShownMax,
): string[] {
  return table(heads, all.slice(0, shownMax).map(cellsOf), all.length);
}

function table(heads: string[], rows: string[][], total: number): string[] {
  if (rows.length === 0) return [];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const lines = ['', line(heads), line(heads.map(() => '---')), ...rows.map(line)];
  if (total > rows.length) lines.push('', `… and ${total - rows.length} more`);
  return lines;
}

/** A table that grows page by page and keeps only the rows that it shows. */
export class GrowingTable {
  private readonly rows: string[][] = [];
  private total = 0;

  constructor(private readonly heads: string[]) {}

  add(...cells: string[]): void {
    this.total += 1;
    if (this.rows.length < rowsShownMax) this.rows.push(cells);
  }

  lines(): string[] {
    return table(this.heads, this.rows, this.total);
  }
}

/** Foreign text, such as an error's, in one cell, on one line, and shortened. */
export function quoted(text: string): string {
  const flat = text.replace(/\s+/g, ' ').replace(/[|<>`*[\]\\]/g, (sign) => `\\${sign}`);
  return flat.length > textLengthMax ? `${flat.slice(0, textLengthMax)}…` : flat;
}
