import type { FindBranches } from '../../contracts/branches';
import type { RecoveryAges, RecoveryKind } from '../../contracts/recovery';
import type { AgedQuery } from '../../contracts/reservations';

/** Answers which kinds of recovery have work at a participant. */
export function createParticipantWork(
  aged: (query: AgedQuery) => Promise<unknown[]>,
  findBranches: FindBranches | undefined,
): (ages: RecoveryAges) => Promise<RecoveryKind[]> {
  const first = { afterOrder: '', limit: 1 };
  return async ({ sweepAfterMs, scanAfterMs }) => {
    const reservations = await aged({ ...first, olderThanMs: sweepAfterMs });
    const branches = await findBranches?.({ ...first, olderThanMs: scanAfterMs });
    return [
      ...(reservations.length > 0 ? (['sweep'] as const) : []),
      ...(branches && branches.own.length > 0 ? (['scan'] as const) : []),
    ];
  };
}
