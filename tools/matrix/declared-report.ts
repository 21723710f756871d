import { join } from 'node:path';
import type { Pattern } from '../../contracts/order';
import { cloneFolder } from '../stack/settings';
import { nameOf, promisedEnds } from './cell';
import { declaredCells, type DeclaredCell } from './cells';
import type { End } from './scenarios';

/**
 * A cell as it is written down. `holds`: it has held since it was last changed. `open`: it has not,
 * because nobody has run it, or because it failed.
 */
export interface ReportedCell {
  protocol: Pattern;
  step: string;
  fault: string;
  scenario: string;
  /** How the order whose step it is was promised to end; empty where there is nothing to run. */
  promised: string[];
  verdict: 'holds' | 'inapplicable' | 'open';
  why?: string;
  /** How long it took when it held last, in milliseconds. */
  ms?: number;
  /** When that was, where it was not in the run of the whole protocol. */
  at?: string;
}

export const reportFiles = {
  json: join(__dirname, 'results.json'),
  markdown: join(cloneFolder, 'docs', 'failure-matrix.md'),
};

/** What the files must say for the cells that are declared now, once all have held. */
export function declaredReport(): ReportedCell[] {
  return declaredCells().map((cell) => ({
    protocol: cell.protocol,
    step: cell.step.name,
    fault: nameOf(cell.fault),
    scenario: cell.step.scenario.name,
    promised: cell.inapplicable ? [] : promisesOf(cell),
    verdict: cell.inapplicable ? 'inapplicable' : 'holds',
    ...(cell.inapplicable && { why: cell.inapplicable }),
  }));
}

/** How the order whose step it is may end, in words. */
export function promisesOf(cell: DeclaredCell): string[] {
  const { orders } = cell.step.scenario;
  const plan = orders.find(({ kind }) => kind === cell.step.subject);
  return plan ? promisedEnds(cell, plan, true).map(endText) : [];
}

export function endText(end: End): string {
  if (end.status === 'COMPLETED') return 'COMPLETED';
  return end.status === 'CANCELLED' ? `CANCELLED, ${end.reason}` : `PENDING, alert ${end.alert}`;
}
