import { Command, InvalidArgumentError, Option } from 'commander';
import { scenarios } from '../bench/orders';
import { subjects, type Subject } from './subjects';

/** What the comparison is asked for. */
export interface CompareOptions {
  orders: number;
  callers: number;
  rounds: number;
  seconds: number;
  /** Undefined: all that the API offers. */
  only?: Subject[];
  scenario: string[];
  json?: true;
  write?: true;
}

/** Above it a batch's statements are longer than what the server keeps of them. */
const callersMax = 64;

const names = subjects.map(({ name }) => name);
const width = Math.max(...names.map((name) => name.length)) + 2;

const description = `Compares the patterns that the API offers, on servers and processes of its own, all in one run:
orders a second, latency, transactions, rows written, how long rows are locked, Temporal actions,
and how many orders a reader of snapshots catches half done.

Each pattern places the same orders twice in each scenario: first as fast as it goes, for the
speed and the counts; then watched, for the locks and the snapshots. An audit follows each. A few
orders of each pattern come before, and are not counted: they warm it up.

What can be compared:
${subjects.map(({ name, what }) => `  ${name.padEnd(width)}${what}`).join('\n')}`;

const examples = `
Examples:
  npm run compare -- --orders 50 --scenario plain       a first impression, in minutes
  npm run compare -- --only lock,saga --json            two patterns, a line of JSON each
  npm run compare -- --rounds 3 --write                 the figures of docs/comparison.md

The figures depend on the machine and on what else it does: compare them within one run. What it
means is in docs/choosing.md, how it is measured in docs/comparison.md. Exit code 1: an audit was
not clean, a call went wrong, or an order of \`lock\` was caught half done.`;

const help = {
  orders: 'in each run: twice this for each pattern and scenario',
  callers: `at once, up to ${callersMax}; each begins its next order when its last has ended`,
  rounds: 'how often, the patterns interleaved; medians are shown',
  seconds: 'of each run, at most: then no further orders are begun',
  only: 'of these, separated by commas (all that are offered)',
  scenario: 'failing: 10 % cannot succeed, half for want of stock; hot: all want one product',
  json: 'a line of JSON for each pattern and scenario (and round) instead of the table',
  write: 'the table into docs/comparison.md, and docs/compare.svg',
};

/** Reads the command line; ends the process with a sentence when it makes no sense. */
export function readOptions(argv?: readonly string[]): CompareOptions {
  return new Command('npm run compare --')
    .description(description)
    .option('--orders <n>', help.orders, wholeTo(100_000), 200)
    .option('--callers <n>', help.callers, wholeTo(callersMax), 16)
    .option('--rounds <n>', help.rounds, wholeTo(100), 1)
    .option('--seconds <n>', help.seconds, wholeTo(3_600), 40)
    .option('--only <list>', help.only, chosen)
    .addOption(
      new Option('--scenario <names...>', help.scenario)
        .choices(Object.keys(scenarios))
        .default(Object.keys(scenarios)),
    )
    .option('--json', help.json)
    .option('--write', help.write)
    .addHelpText('after', examples)
    .parse(argv)
    .opts<CompareOptions>();
}

function wholeTo(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value > 0 && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
  };
}

function chosen(list: string): Subject[] {
  return list.split(',').map((name) => {
    const subject = subjects.find((one) => one.name === name);
    if (subject) return subject;
    throw new InvalidArgumentError(`There is no ${name}; there are ${names.join(', ')}.`);
  });
}
