import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { copyWith, readChange } from '../extension/copy';
import { runScript } from '../stack/entry';
import { runJest } from '../stack/jest';
import { runNode } from '../stack/run-node';

const description = `Adds the participant of docs/adding-a-participant.md to a copy of the tree. Runs there all of
tests/conformance, and then as many cells of the failure matrix as have each step and each fault
once. All orders use what the new participant has.`;

/** `npm run extension`: stops at the first of the two that fails. */
async function main(): Promise<number> {
  new Command('npm run extension --').description(description).parse();
  const copy = copyWith(readChange().change);
  process.stderr.write(`The copy is ${copy}\n`);
  try {
    const tests = ['--verbose', '--testMatch', '<rootDir>/tests/conformance/*.test.ts'];
    const code = await runJest(tests, copy);
    return code === 0 ? await runCover(copy) : code;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function runCover(copy: string): Promise<number> {
  const typescript = join(copy, 'tools', 'stack', 'typescript.cjs');
  const program = join(copy, 'tools', 'cli', 'matrix.ts');
  return runNode(['--require', typescript, program, '--cover'], copy);
}

runScript(main);
