import { patterns, type Pattern } from '../../../contracts/order';
import { patternRows } from '../../../contracts/patterns';
import type { Variant } from '../bench/variants';

/** One thing that is compared: a pattern, in an installation of its settings. */
export interface Subject {
  name: string;
  pattern: Pattern;
  what: string;
  /** Over the default settings; subjects with the same run on the same processes. */
  environment: NodeJS.ProcessEnv;
}

const asOffered = {};
const orderByOrder = { BATCH_ORDERS_MAX: '1', BATCHES_IN_FLIGHT_MAX: '64' };

/** All that may be compared, where the API offers it. */
export const subjects: Subject[] = [
  ...patterns.map((pattern) => ({
    name: pattern,
    pattern,
    what: patternRows[pattern].what,
    environment: asOffered,
  })),
  {
    name: 'saga-alone',
    pattern: 'saga',
    what: 'the saga without sharing: a workflow an order, as with the other patterns',
    environment: orderByOrder,
  },
];

/** An installation, as the benchmark starts one. */
export function installationOf({ environment }: Pick<Subject, 'environment'>): Variant {
  return { name: 'compare', what: 'all patterns, separate processes', environment };
}

/** Subjects that share processes, in the order in which they come. */
export function byInstallation(chosen: readonly Subject[]): Subject[][] {
  const groups = new Map<string, Subject[]>();
  for (const subject of chosen) {
    const key = JSON.stringify(subject.environment);
    groups.set(key, [...(groups.get(key) ?? []), subject]);
  }
  return [...groups.values()];
}
