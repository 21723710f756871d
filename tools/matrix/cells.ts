import { patterns, type Pattern } from '../../contracts/order';
import type { Cell } from './cell';
import { nameOf } from './cell';
import { faults } from './faults';
import { choreographySteps } from './protocols/choreography';
import { lockSteps } from './protocols/lock';
import { sagaSteps } from './protocols/saga';
import { tccSteps } from './protocols/tcc';
import { xaSteps } from './protocols/xa';
import type { Step } from './step';

/** A protocol as the matrix breaks it. */
interface Protocol {
  steps: Step[];
  /** Whether each service has a MySQL server of its own. */
  separateDatabases: boolean;
}

/** Every protocol. */
export const protocols: Record<Pattern, Protocol> = {
  lock: { steps: lockSteps, separateDatabases: false },
  xa: { steps: xaSteps, separateDatabases: true },
  tcc: { steps: tccSteps, separateDatabases: true },
  saga: { steps: sagaSteps, separateDatabases: true },
  choreography: { steps: choreographySteps, separateDatabases: true },
};

export interface DeclaredCell extends Cell {
  protocol: Pattern;
  /** Why there is nothing to be run. */
  inapplicable?: string;
}

/** Every step of every protocol with every fault. */
export function declaredCells(): DeclaredCell[] {
  return patterns.flatMap((protocol) =>
    protocols[protocol].steps.flatMap((step) =>
      faults.map((fault) => {
        const inapplicable = fault.inapplicable?.(step);
        return { protocol, step, fault, ...(inapplicable && { inapplicable }) };
      }),
    ),
  );
}

/** Those that can be run. */
export function runnableCells(): DeclaredCell[] {
  return declaredCells().filter(({ inapplicable }) => inapplicable === undefined);
}

/** @throws Error when there is no such cell, or nothing to be run of it */
export function findCell(protocol: Pattern, step: string, fault: string): DeclaredCell {
  const found = runnableCells().find(
    (one) => one.protocol === protocol && one.step.name === step && one.fault.name === fault,
  );
  if (!found) throw new Error(`The matrix has no cell ${protocol}, ${step}: ${fault}`);
  return found;
}

/** As few as it takes for each step of each protocol and each fault to be there at least once. */
export function coverOf(cells: readonly DeclaredCell[]): DeclaredCell[] {
  const missing = new Set(cells.flatMap(marksOf));
  const cover: DeclaredCell[] = [];
  while (missing.size > 0) {
    const gain = (cell: DeclaredCell) => marksOf(cell).filter((mark) => missing.has(mark)).length;
    const used = (cell: DeclaredCell) => cover.filter(({ fault }) => fault === cell.fault).length;
    const best = cells.reduce((a, b) =>
      gain(b) > gain(a) || (gain(b) === gain(a) && used(b) < used(a)) ? b : a,
    );
    cover.push(best);
    for (const mark of marksOf(best)) missing.delete(mark);
  }
  return cover;
}

function marksOf({ protocol, step, fault }: DeclaredCell): string[] {
  return [`${protocol} step ${step.name}`, `fault ${nameOf(fault)}`];
}
