import { Command, Option } from 'commander';
import { patterns, type Pattern } from '../../contracts/order';
import { wholeFrom } from '../stack/whole';
import { mixed } from './mix';

/** What `npm run load` is told; what is absent has its default below, or none. */
export interface LoadCommandOptions {
  orders?: number;
  callers?: number;
  pattern?: Pattern | typeof mixed;
  file?: string;
  generate?: number;
  seed?: number;
  chaos?: number;
  seconds?: number;
  json?: true;
}

export const loadDefaults = {
  orders: 1_000,
  callers: { calm: 16, chaos: 256 },
  seed: 1,
  /** With --chaos, for so many orders. */
  chaosSeconds: (orders: number) => Math.ceil(40 + orders / 100),
};

const callersMax = 4_096;
const ordersMax = 10_000_000;
const seedMax = 2 ** 32 - 1;
/** In less there is no fault in every schedule. */
const secondsMin = 10;
const secondsMax = 86_400;

const description = `Places orders against this clone's running stack, then audits it.

With --chaos the stack's processes are killed, frozen and restarted meanwhile, connections cut,
servers locked, and the whole stack stopped and moved; then everything heals, every order must end, and what callers were told must be what the
databases have.

Exit code 0: every call was answered and the audit is clean. 1: not so. 2: work is still in
flight, or no stack runs. 3: the audit could not be made.`;

/** Parses the command line; ends the process where it is wrong, or asks for help. */
export function loadOptions(): LoadCommandOptions {
  return new Command('load')
    .description(description)
    .option('--orders <n>', 'how many; 1000, or all of the file', wholeFrom(1, ordersMax))
    .option('--callers <n>', 'at once; 16, or 256 with --chaos', wholeFrom(1, callersMax))
    .addOption(
      new Option(
        '--pattern <name>',
        'for orders that name none; mixed: for each one that the stack offers, by --seed',
      ).choices([...patterns, mixed]),
    )
    .option('--file <path>', 'orders to place, one JSON object a line; with --generate: to write')
    .option('--generate <n>', 'write so many orders, to stdout or --file', wholeFrom(1, ordersMax))
    .option(
      '--seed <n>',
      'of the generated orders and mixed patterns; 1, or that of --chaos',
      wholeFrom(0, seedMax),
    )
    .option('--chaos <seed>', 'the seed of the faults that hit the stack', wholeFrom(0, seedMax))
    .option(
      '--seconds <n>',
      'with --chaos: over which orders and faults are spread; 40, and one more for each 100 orders',
      wholeFrom(secondsMin, secondsMax),
    )
    .option('--json', 'the result as JSON on stdout')
    .parse()
    .opts<LoadCommandOptions>();
}
