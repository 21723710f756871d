import { Command } from 'commander';
import { faults } from '../faults/faults';
import { runFaults } from '../faults/run';
import { startFaultStack, type FaultStack } from '../faults/stack';
import { auditStack } from '../load/audit-stack';
import { wholeFrom } from '../stack/whole';
import { runScript, say } from '../stack/entry';

const secondsMax = 3_600;
/** Orders that were held up go on by schedules; the last ones take a while. */
const restMsMax = 240_000;

const names = faults.map(({ name }) => name).join(', ');

const description = `Holds faults of MySQL beside orders of every pattern, on a stack of its own, and counts:
the server's sessions against the sum of all pools, the reads that failed though the fault takes
nothing from them, what of ours the fault has stopped, and at the end the books. The faults: ${names}.

Exit code 0: all held. 1: not so. 3: it could not be tried.`;

async function main(): Promise<number> {
  const { seconds, only } = new Command('npm run faults --')
    .description(description)
    .option('--seconds <n>', 'how long each fault lasts', wholeFrom(1, secondsMax), 120)
    .option('--only <names>', 'some of the faults, separated by commas')
    .parse()
    .opts<{ seconds: number; only?: string }>();
  const chosen = faults.filter(({ name }) => only?.split(',').includes(name) ?? true);
  if (chosen.length === 0) throw new Error(`There is no such fault; there are: ${names}.`);
  const on = await startFaultStack(say);
  try {
    const { results, summary } = await runFaults(on, chosen, { seconds, say });
    say(`Orders: ${JSON.stringify(summary)}`);
    const proved = await isProved(on);
    const held = results.every((result) => result.faults.length === 0);
    process.stdout.write(held && proved ? 'All held.\n' : 'Not all held.\n');
    return held && proved ? 0 : 1;
  } finally {
    await on.close();
  }
}

async function isProved({ stack }: FaultStack): Promise<boolean> {
  // Held up for minutes, orders are overdue by the auditor's measure until they have ended.
  const report = await auditStack(stack, restMsMax);
  say(`Audit: ${report.clean ? 'clean' : 'NOT clean'}, ${report.atRest ? '' : 'not '}at rest`);
  for (const violation of report.violations.slice(0, 20)) say(`  ${JSON.stringify(violation)}`);
  return report.clean && report.atRest;
}

runScript(main);
