import type { Logger } from 'pino';
import type { PointQueries } from '../activities/point/queries';
import type { BranchRecord, ProductQueries } from '../activities/product/queries';
import { timeOver, within } from './deadline';

type Participant = 'product' | 'point';

export interface InDoubtBranch extends BranchRecord {
  service: Participant;
}

export interface InDoubtAnswer {
  branches: InDoubtBranch[];
  /** The services that could not be asked: of them nothing is known. */
  unavailable: Participant[];
}

/** The XA branches that are not known to be settled, oldest first. Never rejects. */
export type ReadInDoubt = (of: { orderId?: string; limit: number }) => Promise<InDoubtAnswer>;

/** An order is shown without a service's branches rather than late. */
const readMsMax = 2_000;

/** Reads both participants at once; one that is away, or slow, is named instead. */
export function createInDoubtReader(
  queries: Record<'product', Pick<ProductQueries, 'branchesInDoubt'>> &
    Record<'point', Pick<PointQueries, 'branchesInDoubt'>>,
  logger: Logger,
): ReadInDoubt {
  return async (of) => {
    const read = async (service: Participant) => {
      try {
        const records = await within(readMsMax, queries[service].branchesInDoubt(of));
        return { service, records: records === timeOver ? undefined : records };
      } catch (error) {
        logger.warn({ err: error, service }, 'the branches in doubt could not be read');
        return { service, records: undefined };
      }
    };
    const found = await Promise.all([read('product'), read('point')]);
    const branches = found.flatMap(({ service, records = [] }) =>
      records.map((record) => ({ service, ...record })),
    );
    branches.sort((a, b) => b.ageMs - a.ageMs);
    return {
      branches,
      unavailable: found.flatMap(({ service, records }) => (records ? [] : [service])),
    };
  };
}
