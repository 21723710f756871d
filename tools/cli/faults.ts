import { setTimeout as sleep } from 'node:timers/promises';
import { byService } from '../../contracts/participants';
import { Command, InvalidArgumentError } from 'commander';
import type { Knex } from 'knex';
import { auditAtRest } from '../../audit/at-rest';
import { connectAudit } from '../../audit/connect';
import { faults } from '../faults/faults';
import { runFaults } from '../faults/run';
import { startFaultStack, type FaultStack } from '../faults/stack';
import { runScript } from '../stack/entry';

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
    .option('--seconds <n>', 'how long each fault lasts', wholeSeconds, 120)
    .option('--only <names>', 'some of the faults, separated by commas')
    .parse()
    .opts<{ seconds: number; only?: string }>();
  const chosen = faults.filter(({ name }) => only?.split(',').includes(name) ?? true);
  if (chosen.length === 0) throw new Error(`There is no such fault; there are: ${names}.`);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const on = await startFaultStack(say);
  try {
    const { results, summary } = await runFaults(on, chosen, { seconds, say });
    say(`Orders: ${JSON.stringify(summary)}`);
    const proved = await isProved(on, say);
    const held = results.every((result) => result.faults.length === 0);
    process.stdout.write(held && proved ? 'All held.\n' : 'Not all held.\n');
    return held && proved ? 0 : 1;
  } finally {
    await on.close();
  }
}

async function isProved({ stack }: FaultStack, say: (line: string) => void): Promise<boolean> {
  const deps = connectAudit({
    databases: byService((service) => stack.databases[service].auditorUrl),
    temporal: stack.temporal,
  });
  try {
    // Held up for minutes, they are overdue by the auditor's measure until they have ended.
    const deadline = Date.now() + restMsMax;
    while (Date.now() < deadline && (await isMoving(deps.order))) await sleep(1_000);
    const report = await auditAtRest(deps);
    say(`Audit: ${report.clean ? 'clean' : 'NOT clean'}, ${report.atRest ? '' : 'not '}at rest`);
    for (const violation of report.violations.slice(0, 20)) say(`  ${JSON.stringify(violation)}`);
    return report.clean && report.atRest;
  } finally {
    await deps.close();
  }
}

async function isMoving(order: Knex): Promise<boolean> {
  const moving: unknown = await order('orders')
    .whereIn('status', ['PLACING', 'PENDING'])
    .first('order_id');
  return moving !== undefined;
}

function wholeSeconds(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= secondsMax) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${String(secondsMax)}.`);
}

runScript(main);
