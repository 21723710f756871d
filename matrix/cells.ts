import type { Cell } from './cell';
import { nameOf } from './cell';
import { faults } from './faults';
import { sagaSteps, type Step } from './steps';

/** The protocols that are in the matrix, each with its steps. */
export const protocols: Record<string, Step[]> = { saga: sagaSteps };

export interface DeclaredCell extends Cell {
  protocol: string;
  /** Why there is nothing to be run. */
  inapplicable?: string;
}

/** Every step of every protocol with every fault. */
export function declaredCells(): DeclaredCell[] {
  return Object.entries(protocols).flatMap(([protocol, steps]) =>
    steps.flatMap((step) =>
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

/** As few as it takes for each fault and each step of each protocol to be there at least once. */
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
  return [`${protocol} step ${step.name}`, `${protocol} fault ${nameOf(fault)}`];
}
