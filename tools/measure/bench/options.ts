import { Command, InvalidArgumentError, Option } from 'commander';
import { scenarios } from './orders';
import { variants, type Variant } from './variants';

/** What the benchmark is asked for. */
export interface BenchOptions {
  callers?: number[];
  rate?: number[];
  outstanding: number;
  growth?: number[];
  backlog?: number;
  recovery?: number;
  owners?: number;
  seconds: number;
  rounds: number;
  variants?: Variant[];
  scenario: string[];
  json?: true;
  plots?: string;
  from?: string;
}

const description = `Measures what placing an order costs, over HTTP, each way in turn, on servers
of its own. Without --rate, --growth, --backlog or --recovery: a closed loop, in which each caller begins its
next order when its last has ended.`;

const help = {
  callers: 'at once, separated by commas (1,16,64,256,1024; with --growth: 64)',
  rate: 'open loop: so many orders leave each second, separated by commas, answered or not',
  outstanding: 'open loop: an order that is due while so many are under way is shed',
  growth: 'measure beside so many stored orders, separated by commas',
  backlog: 'place so many orders at once, and watch them drain',
  recovery: 'leave so many orders behind, orphans and owing, and watch them recovered',
  owners: 'with --recovery: then look at so many owners that are open',
  seconds: 'of each measurement',
  rounds: 'how often, the variants interleaved; --growth and --backlog take one',
  scenario: 'failing: 10 % cannot succeed; hot: all want one product',
  json: 'a line of JSON for each measurement',
  plots: 'draw closed-loop measurements as SVG into this folder',
  from: 'draw these lines of JSON, recorded with --json, and measure nothing',
};

/** Reads the command line; ends the process with a sentence when it makes no sense. */
export function readOptions(): BenchOptions {
  const names = variants.map(({ name }) => name);
  const command = new Command('npm run bench --')
    .description(description)
    .option('--callers <list>', help.callers, numbers)
    .addOption(new Option('--rate <list>', help.rate).argParser(numbers).conflicts('callers'))
    .option('--outstanding <n>', help.outstanding, whole, 2_000)
    .addOption(new Option('--growth <list>', help.growth).argParser(numbers).conflicts('rate'))
    .addOption(
      new Option('--backlog <n>', help.backlog).argParser(whole).conflicts(['rate', 'growth']),
    )
    .addOption(
      new Option('--recovery <n>', help.recovery)
        .argParser(whole)
        .conflicts(['rate', 'growth', 'backlog']),
    )
    .option('--owners <n>', help.owners, whole)
    .option('--seconds <n>', help.seconds, whole, 6)
    .option('--rounds <n>', help.rounds, whole, 1)
    .option(
      '--variants <list>',
      `of ${names.join(', ')} (all; with --growth or --backlog: batched)`,
      chosen,
    )
    .addOption(
      new Option('--scenario <names...>', help.scenario)
        .choices(Object.keys(scenarios))
        .default(['plain']),
    )
    .option('--json', help.json)
    .option('--plots <folder>', help.plots)
    .option('--from <file>', help.from)
    .parse();
  const options = command.opts<BenchOptions>();
  if (options.from !== undefined && options.plots === undefined) {
    command.error('--from is drawn into a folder: name it with --plots.');
  }
  return options;
}

function whole(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

function numbers(list: string): number[] {
  return list.split(',').map(whole);
}

function chosen(list: string): Variant[] {
  return list.split(',').map((name) => {
    const variant = variants.find((one) => one.name === name);
    if (!variant) throw new InvalidArgumentError(`There is no variant named ${name}.`);
    return variant;
  });
}
