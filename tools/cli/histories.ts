import { Command } from 'commander';
import { runScript } from '../stack/entry';
import { runJest } from '../stack/jest';

const description = `Records tests/replay/histories anew: a history of every outcome, on servers of its own.

When that is right, and what to do with the old ones first: docs/changing-workflows.md.`;

/** `npm run histories`: the recorder is run as a test is, for it needs the same servers. */
async function main(): Promise<number> {
  const [only] = new Command('npm run histories --')
    .description(description)
    .argument('[only]', 'a regular expression: the outcomes whose names match it, and no others')
    .parse().args;
  const which = only === undefined ? [] : ['-t', only];
  return runJest(['--testMatch', '<rootDir>/tests/replay/record.ts', ...which]);
}

runScript(main);
