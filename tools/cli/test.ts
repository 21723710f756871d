import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runScript } from '../stack/entry';
import { runJest } from '../stack/jest';
import { cloneFolder } from '../stack/settings';

/** What is used here of the account that jest writes at its end. */
interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  /** Files that failed before any of their tests ran. */
  numRuntimeErrorTestSuites: number;
  testResults: {
    /** The file's path. */
    name: string;
    status: string;
    /** Why the file failed, coloured for a terminal. */
    message: string;
  }[];
}

/**
 * Whole stacks, some of them under faults and load: more than two beside each other would mostly
 * show how slow the machine is.
 */
const stacks = 'tests/(stack|matrix|load|chaos|measure)/';

/** Of the others half the time is waiting, so that two cores have work for four at once. */
const othersAtOnce = 4;

/** In place of the tests that jest.config.js names. */
const long = ['--testMatch', '<rootDir>/tests/**/*.long.test.ts'];

/**
 * Runs all tests but the long ones, or with `--long` those, or what jest's own arguments select.
 * Repeats at its end what failed, which the output of the other files has hidden by then, and ends
 * with `N passed, N failed` on a line of its own. A file that fails to load counts as one failure;
 * that no test ran at all is a failure too, for a misspelt path would otherwise look like success.
 */
async function main(): Promise<number> {
  const asked = process.argv.slice(2);
  const runs: TestRun[] = [];
  for (const args of runsFor(asked)) runs.push(await runTests(args));
  const sum = (pick: (run: TestRun) => number) => runs.reduce((all, run) => all + pick(run), 0);
  const passed = sum((run) => run.passed);
  const failed = sum((run) => run.failed);
  const reasons = runs.flatMap((run) => run.reasons);
  if (reasons.length > 0) process.stdout.write(`What failed:\n\n${reasons.join('\n\n')}\n\n`);
  if (passed + failed === 0) process.stderr.write('No test ran.\n');
  process.stdout.write(`${String(passed)} passed, ${String(failed)} failed\n`);
  const code = runs.find((run) => run.code !== 0)?.code ?? 0;
  return code === 0 && (passed === 0 || failed > 0) ? 1 : code;
}

/** What jest is told, each time that it is started. */
function runsFor(asked: readonly string[]): string[][] {
  if (asked.includes('--long')) {
    return [['--runInBand', ...asked.filter((arg) => arg !== '--long'), ...long]];
  }
  if (asked.length > 0) return [[...asked]];
  return [
    [`--maxWorkers=${String(othersAtOnce)}`, `--testPathIgnorePatterns=${stacks}`],
    [`--testPathPatterns=${stacks}`],
  ];
}

interface TestRun {
  code: number;
  passed: number;
  failed: number;
  /** A file that failed, and why, each. */
  reasons: string[];
}

async function runTests(args: string[]): Promise<TestRun> {
  const folder = mkdtempSync(join(tmpdir(), 'order-jest-'));
  try {
    const outputFile = join(folder, 'result.json');
    const code = await runJest(['--json', `--outputFile=${outputFile}`, ...args]);
    // jest writes none when no file matches.
    if (!existsSync(outputFile)) return { code, passed: 0, failed: 0, reasons: [] };
    const result = JSON.parse(readFileSync(outputFile, 'utf8')) as JestResult;
    const failed = result.testResults.filter((file) => file.status === 'failed');
    return {
      code,
      passed: result.numPassedTests,
      failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
      reasons: failed.map((file) => `${relative(cloneFolder, file.name)}\n${file.message}`),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

runScript(main);
