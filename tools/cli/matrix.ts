import { Command, Option } from 'commander';
import { runScript, say } from '../stack/entry';
import { withProgress } from '../load/progress';
import { patterns, type Pattern } from '../../contracts/order';
import { nameOf } from '../matrix/cell';
import { coverOf, runnableCells, type DeclaredCell } from '../matrix/cells';
import { declaredReport } from '../matrix/declared-report';
import { readReport } from '../matrix/page';
import { mergeReport } from '../matrix/merge-report';
import { writeReport } from '../matrix/report';
import { runOnStacks, type RunResult } from '../matrix/run';
import { tallyOf } from '../matrix/tally';

interface Options {
  protocol?: Pattern;
  cover?: true;
  open?: true;
  page?: true;
  step?: string;
  fault?: string;
}

function readOptions(): Options {
  return new Command('npm run matrix --')
    .description(
      `Puts every fault into every step, on real processes and servers of its own, and proves what
was promised. What each cell came to is written to docs/failure-matrix.md
and tools/matrix/results.json.`,
    )
    .addOption(new Option('--protocol <name>', 'only this one').choices(patterns))
    .option('--cover', 'only as many cells as have each step and each fault once')
    .option('--open', 'only cells of which docs/failure-matrix.md does not say that they hold')
    .option('--page', 'run nothing, and write down what is known of the cells as they are now')
    .option('--step <text>', 'only steps whose name contains this')
    .option('--fault <text>', 'only faults whose name contains this')
    .parse()
    .opts<Options>();
}

function chosen({ protocol, cover, open, step = '', fault = '' }: Options): DeclaredCell[] {
  const all = runnableCells().filter((c) => protocol === undefined || c.protocol === protocol);
  const cells = cover ? coverOf(all) : all;
  const known = open ? heldCells() : new Set<string>();
  return cells
    .filter((c) => c.step.name.includes(step) && nameOf(c.fault).includes(fault))
    .filter((c) => !known.has(`${c.protocol} ${c.step.name} ${nameOf(c.fault)}`));
}

/** What holds of what is declared now, by what is written down. */
function heldCells(): Set<string> {
  const { cells } = mergeReport(readReport(), declaredReport(), []);
  const held = cells.filter(({ verdict }) => verdict === 'holds');
  return new Set(held.map((c) => `${c.protocol} ${c.step} ${c.fault}`));
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options.page) {
    await writeDown([]);
    return 0;
  }
  const cells = chosen(options);
  if (cells.length === 0) {
    say('No cell has such a step and such a fault; docs/failure-matrix.md names them all.');
    return 2;
  }
  const results: RunResult[] = [];
  await withProgress('The matrix', 'cells', (update) =>
    runOnStacks(cells, say, (result) => {
      results.push(result);
      update(results.length, cells.length);
      if (!result.ok || !process.stderr.isTTY) say(line(result));
    }),
  );
  const failed = results.filter(({ ok }) => !ok);
  say(`Cells that hold, by the service whose step was broken:\n${tallyOf(results)}`);
  say(`${String(results.length - failed.length)} cells hold, ${String(failed.length)} do not.`);
  await writeDown(results);
  return failed.length === 0 ? 0 : 1;
}

async function writeDown(results: RunResult[]): Promise<void> {
  for (const file of await writeReport(results)) say(`wrote ${file}`);
}

function line({ ok, protocol, step, fault, ms, error }: RunResult): string {
  const verdict = ok ? 'holds' : 'FAILS';
  return `${verdict}  ${protocol} | ${step} | ${fault}  ${String(ms)} ms${error ? `\n       ${error}` : ''}`;
}

runScript(main);
