import type { Logger } from 'pino';
import type { BranchRecord, ParticipantQueries } from '../../activities/participant/queries';
import type { ParticipantName } from '../../contracts/participants';
import { readEach } from './read-each';

export interface InDoubtBranch extends BranchRecord {
  service: ParticipantName;
}

export interface InDoubtAnswer {
  branches: InDoubtBranch[];
  /** The services that did not answer. */
  unavailable: ParticipantName[];
}

/** The XA branches that are not known to have ended, oldest first. Never rejects. */
export type ReadInDoubt = (of: { orderId?: string; limit: number }) => Promise<InDoubtAnswer>;

/** Reads all participants at once, and names those that do not answer in time. */
export function createInDoubtReader(
  queries: Record<ParticipantName, Pick<ParticipantQueries, 'branchesInDoubt'>>,
  logger: Logger,
): ReadInDoubt {
  return async (of) => {
    const { found, unavailable } = await readEach(
      (service) => queries[service].branchesInDoubt(of),
      (err, service) => {
        logger.warn({ err, service }, 'cannot read the XA branches in doubt');
      },
    );
    const branches = found.flatMap(({ service, records }) =>
      records.map((record) => ({ service, ...record })),
    );
    branches.sort((a, b) => b.ageMs - a.ageMs);
    return { branches, unavailable };
  };
}
