import { patterns } from '../../contracts/order';
import { services } from '../../contracts/participants';
import type { RunResult } from './run';

/** How many cells held, a row a pattern and a column a service: the one whose step was broken. */
export function tallyOf(results: readonly RunResult[]): string {
  const header = ['', ...services, 'all'];
  const rows = patterns.flatMap((pattern) => {
    const own = results.filter(({ protocol }) => protocol === pattern);
    if (own.length === 0) return [];
    const counts = services.map((name) => heldOf(own.filter(({ service }) => service === name)));
    return [[pattern, ...counts, heldOf(own)]];
  });
  const table = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  return table
    .map((row) => row.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  '))
    .join('\n');
}

function heldOf(results: readonly RunResult[]): string {
  const held = results.filter(({ ok }) => ok).length;
  return held === results.length ? String(held) : `${String(held)} of ${String(results.length)}`;
}
