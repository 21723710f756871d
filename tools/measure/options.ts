import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeFrom } from '../stack/whole';
import { scenarioNames, type ScenarioName } from './orders';
import { compared, subjects, type Subject } from './subjects';

/** What both commands are asked for. */
interface CommonOptions {
  rounds: number;
  seconds: number;
  scenario: ScenarioName[];
  json?: true;
}

/** What the benchmark is asked for. */
export interface BenchOptions extends CommonOptions {
  callers?: number[];
  rate?: number[];
  outstanding: number;
  growth?: number[];
  recovery?: number;
  owners?: number;
  variants?: Subject[];
}

/** What the comparison is asked for. */
export interface CompareOptions extends CommonOptions {
  orders: number;
  callers: number;
  /** Undefined: all that the API offers. */
  only?: Subject[];
  write?: true;
}

const count = wholeFrom(1, 100_000_000);
/** Above it a batch's statements are longer than what the server keeps of them. */
const comparedCallersMax = 64;

const listOf = (some: readonly Subject[]) => {
  const width = Math.max(...some.map(({ name }) => name.length)) + 2;
  return some.map(({ name, what }) => `  ${name.padEnd(width)}${what}`).join('\n');
};

/** Reads the command line of `npm run bench`; ends the process when it makes no sense. */
export function benchOptions(): BenchOptions {
  const help = {
    callers: 'at once, separated by commas (1,16,64,256,1024; with --growth: 64)',
    rate: 'open loop: so many orders leave each second, separated by commas, answered or not',
    outstanding: 'open loop: an order that is due while so many are under way is shed',
    growth: 'measure beside so many stored orders, separated by commas',
    recovery: 'leave so many orders behind, orphans and owing, and watch them recovered',
    owners: 'with --recovery: then look at so many owners that are open',
    variants: 'separated by commas (raw-sql and each saga; with --growth: saga)',
  };
  const description = `Measures what placing an order costs, over HTTP, each way in turn, on servers
of its own. Without --rate, --growth or --recovery: a closed loop, in which each caller begins its
next order when its last has ended.

The ways:
${listOf(subjects)}`;
  return common('bench', description, { seconds: 6, scenario: ['plain'] })
    .option('--callers <list>', help.callers, list(count))
    .addOption(option('--rate <list>', help.rate, list(count)).conflicts('callers'))
    .option('--outstanding <n>', help.outstanding, count, 2_000)
    .addOption(option('--growth <list>', help.growth, list(count)).conflicts('rate'))
    .addOption(option('--recovery <n>', help.recovery, count).conflicts(['rate', 'growth']))
    .option('--owners <n>', help.owners, count)
    .option('--variants <list>', help.variants, list(oneOf(subjects)))
    .parse()
    .opts<BenchOptions>();
}

/** Reads the command line of `npm run compare`; ends the process when it makes no sense. */
export function compareOptions(): CompareOptions {
  const help = {
    orders: 'in each run: twice this for each pattern and scenario',
    callers: `at once, up to ${comparedCallersMax}; each begins its next order when its last has ended`,
    only: 'of these, separated by commas (all that are offered)',
    write: 'the tables into docs/comparison.md',
  };
  const description = `Compares the patterns that the API offers, on servers and processes of its own, all in one run:
orders a second, latency, transactions, rows written, how long rows are locked, Temporal actions,
and how many orders a reader of snapshots catches half done.

Each pattern places the same orders twice in each scenario: first as fast as it goes, for the
speed and the counts; then watched, for the locks and the snapshots. An audit follows each. A few
orders of each pattern come before, and are not counted: they warm it up.

What can be compared:
${listOf(compared)}`;
  const examples = `
Examples:
  npm run compare -- --orders 50 --scenario plain       a first impression, in minutes
  npm run compare -- --only lock,saga --json            two patterns, a line of JSON each
  npm run compare -- --rounds 3 --write                 the figures of docs/comparison.md

The figures depend on the machine and on what else it does: compare them within one run. What it
means is in docs/choosing.md, how it is measured in docs/comparison.md. Exit code 1: an audit was
not clean, a call went wrong, or an order of \`lock\` was caught half done.`;
  return common('compare', description, { seconds: 40, scenario: scenarioNames })
    .option('--orders <n>', help.orders, wholeFrom(1, 100_000), 200)
    .option('--callers <n>', help.callers, wholeFrom(1, comparedCallersMax), 16)
    .option('--only <list>', help.only, list(oneOf(compared)))
    .option('--write', help.write)
    .addHelpText('after', examples)
    .parse()
    .opts<CompareOptions>();
}

function common(
  name: string,
  description: string,
  defaults: { seconds: number; scenario: readonly ScenarioName[] },
): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .option('--rounds <n>', 'how often, interleaved; medians are shown', wholeFrom(1, 100), 1)
    .option('--seconds <n>', 'of each measurement, at most', wholeFrom(1, 3_600), defaults.seconds)
    .addOption(
      new Option('--scenario <names...>', 'failing: 10 % cannot succeed; hot: all want one product')
        .choices(scenarioNames)
        .default(defaults.scenario),
    )
    .option('--json', 'a line of JSON for each measurement instead of a table');
}

function option(flags: string, description: string, parse: (text: string) => unknown): Option {
  return new Option(flags, description).argParser(parse);
}

function oneOf(among: readonly Subject[]): (name: string) => Subject {
  return (name) => {
    const subject = among.find((one) => one.name === name);
    if (subject) return subject;
    const names = among.map((one) => one.name).join(', ');
    throw new InvalidArgumentError(`There is no ${name}; there are ${names}.`);
  };
}

function list<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map(parse);
}
