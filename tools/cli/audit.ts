import { Command } from 'commander';
import { exitCodeOf } from '../../audit/audit';
import { toJson, toText } from '../../audit/report';
import { auditStack } from '../load/audit-stack';
import { runScript } from '../stack/entry';
import { runningStack } from '../stack/state';

const description = `Proves that the running stack's three databases tell one story.

Exit code 0: all proved. 1: a violation. 2: work in flight, the rest proved, or no stack runs.
3: a database or Temporal could not be asked.`;

async function main(): Promise<number> {
  const command = new Command('audit')
    .description(description)
    .option('--json', '{clean, atRest, orders, violations} on stdout')
    .parse();
  const { json } = command.opts<{ json?: true }>();
  const report = await auditStack(runningStack());
  process.stdout.write(`${json ? toJson(report) : toText(report)}\n`);
  return exitCodeOf(report);
}

runScript(main);
