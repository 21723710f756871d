import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';

/** `npm run check`: everything about the code that a machine can judge without running it. */
const checks: [name: string, command: string, ...args: string[]][] = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'eslint', '.'],
  ['import arrows', 'depcruise', '.'],
  ['dead code', 'knip', '--no-progress'],
  ['formatting', 'prettier', '--check', '--log-level', 'warn', '.'],
];

new Command('npm run check --').description('Judges the code without running it.').parse();

const root = join(__dirname, '..', '..');
let failed = 0;
for (const [name, command, ...args] of checks) {
  process.stdout.write(`── ${name}\n`);
  const program = join(root, 'node_modules', '.bin', command);
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed += 1;
}
process.stdout.write(failed === 0 ? 'All checks passed.\n' : `${String(failed)} checks failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;
