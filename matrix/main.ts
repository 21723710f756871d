import { Command } from 'commander';
import { runScript } from '../scripts/stack/entry';
import { progressBar } from '../scripts/load/progress';
import { nameOf } from './cell';
import { coverOf, runnableCells, type DeclaredCell } from './cells';
import { writeReport } from './report';
import { runCells, type RunResult } from './run';
import { startStack } from './stack';

interface Options {
  cover?: true;
  step?: string;
  fault?: string;
  keep?: true;
}

function readOptions(): Options {
  return new Command('npm run matrix --')
    .description(
      `Puts every fault into every step, on real processes and servers of its own, and proves what
was promised. The whole of it, when it holds, is written to docs/failure-matrix.md and .json.`,
    )
    .option('--cover', 'only as many cells as have each step and each fault once')
    .option('--step <text>', 'only steps whose name contains this')
    .option('--fault <text>', 'only faults whose name contains this')
    .parse()
    .opts<Options>();
}

function chosen({ cover, step = '', fault = '' }: Options): DeclaredCell[] {
  const cells = cover ? coverOf(runnableCells()) : runnableCells();
  return cells.filter((c) => c.step.name.includes(step) && nameOf(c.fault).includes(fault));
}

async function main(): Promise<number> {
  const options = readOptions();
  const cells = chosen(options);
  if (cells.length === 0) {
    say('No cell has such a step and such a fault; docs/failure-matrix.md names them all.');
    return 2;
  }
  const stack = await startStack(say);
  const bar = progressBar('The matrix', 'cells', 0);
  const results: RunResult[] = [];
  try {
    await runCells(stack, cells, (result) => {
      results.push(result);
      bar.update(results.length, cells.length);
      if (!result.ok || !process.stderr.isTTY) say(line(result));
    });
  } finally {
    bar.stop();
    await stack.close();
  }
  const failed = results.filter(({ ok }) => !ok);
  say(`${String(results.length - failed.length)} cells hold, ${String(failed.length)} do not.`);
  const all = Object.keys(options).length === 0;
  if (all && failed.length === 0) for (const file of await writeReport()) say(`wrote ${file}`);
  return failed.length === 0 ? 0 : 1;
}

function line({ ok, step, fault, ms, error }: RunResult): string {
  const verdict = ok ? 'holds' : 'FAILS';
  return `${verdict}  ${step} | ${fault}  ${String(ms)} ms${error ? `\n       ${error}` : ''}`;
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}

runScript(main);
