import type { Pattern } from '../../contracts/order';
import type { Service } from '../../contracts/participants';
import { audit, exitCodeOf, type AuditReport } from '../../audit/audit';
import { toText } from '../../audit/report';
import { runCell, type CellResult } from './cell';
import { protocols, type DeclaredCell } from './cells';
import { startStack, type MatrixStack } from './stack';
import { scheduledDrivers } from './step';
import { until } from './until';

/** Cells that take down nothing shared run beside each other, so many at a time. */
const besideMax = 4;

export interface RunResult extends CellResult {
  protocol: Pattern;
  /** Whose step it is. */
  service: Service;
}

/** Runs these cells, whatever servers their protocols need: a stack of its own for each kind. */
export async function runOnStacks(
  cells: readonly DeclaredCell[],
  say: (what: string) => void,
  onResult: (result: RunResult) => void = () => undefined,
): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (const separateDatabases of [true, false]) {
    const some = cells.filter(
      ({ protocol }) => protocols[protocol].separateDatabases === separateDatabases,
    );
    if (some.length === 0) continue;
    const stack = await startStack(say, separateDatabases);
    try {
      const own = await runCells(stack, some, onResult);
      results.push(...own);
      if (own.every(({ ok }) => ok)) await provesRest(stack);
    } finally {
      await stack.close();
    }
  }
  return results;
}

/**
 * When all cells are through nothing is left of them: not reserved, prepared, owed or on its way.
 *
 * @throws Error with the auditor's report, when it is not so in time
 */
export async function provesRest(stack: MatrixStack, msMax = 20_000): Promise<void> {
  let last: AuditReport | undefined;
  const look = async () => {
    last = await audit(stack.audit);
    return exitCodeOf(last) === 0;
  };
  try {
    await until('the audit of all cells together is clean, and at rest', look, msMax);
  } catch (cause) {
    throw new Error(last === undefined ? 'There was no audit' : toText(last), { cause });
  }
}

/** Runs these cells on one stack: those that share nothing first and together, the rest alone. */
export async function runCells(
  stack: MatrixStack,
  cells: readonly DeclaredCell[],
  onResult: (result: RunResult) => void,
): Promise<RunResult[]> {
  const results: RunResult[] = [];
  const run = async (cell: DeclaredCell) => {
    const { protocol, step } = cell;
    const result = { protocol, service: step.service, ...(await runCell(stack, cell)) };
    results.push(result);
    onResult(result);
  };
  const beside = cells.filter((cell) => !isAlone(cell));
  const queue = [...beside];
  const runner = async () => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) await run(cell);
  };
  await Promise.all(Array.from({ length: besideMax }, runner));
  for (const cell of cells.filter(isAlone)) await run(cell);
  return results;
}

/**
 * Besides what its fault takes down: a schedule's workflow serves all orders at once, so that to
 * stop it stops other cells too; orders that are claimed, or whose events are handed over, together
 * would share the transaction that is to be broken; and forty orders are load enough.
 */
function isAlone({ fault, step }: DeclaredCell): boolean {
  const scheduled = scheduledDrivers.includes(step.driver);
  return fault.alone ?? step.shared ?? (scheduled || step.scenario.orders.length > 1);
}
