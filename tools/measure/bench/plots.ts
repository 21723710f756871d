import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import { specsOf } from './plot-specs';
import type { Row } from './row';

/**
 * Draws closed-loop rows as SVG, and answers the files that were written.
 *
 * @throws Error when there is nothing to draw.
 */
export async function writePlots(rows: readonly Row[], folder: string): Promise<string[]> {
  const closed = rows.filter((row) => row.loop === 'closed' && !row.hot && row.failedPercent === 0);
  if (closed.length === 0) throw new Error('There are no plain closed-loop rows to draw.');
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (const [name, spec] of Object.entries(specsOf(closed))) {
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, `${await svgOf(spec)}\n`);
    files.push(file);
  }
  return files;
}

/** The library is loaded only now: most runs draw nothing, and it is large. */
export async function svgOf(spec: TopLevelSpec): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  return new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}
