import type { RegisteredParticipant } from '../../contracts/participants';
import type { Positions } from '../../contracts/workflows';
import { participantsHere } from '../shared/participants';

/**
 * Goes through all participants at once, each from where the previous run stopped.
 *
 * @returns where the next run continues; undefined if nothing is left at any participant
 */
export async function positionsOf(
  through: (participant: RegisteredParticipant) => Promise<string | null>,
): Promise<Positions | undefined> {
  const stops = await Promise.all(
    participantsHere().map(async (one) => [one.label, await through(one)] as const),
  );
  return stops.some(([, stop]) => stop !== null) ? Object.fromEntries(stops) : undefined;
}

/** Where to begin at this participant; null if nothing was left. */
export function positionOf(
  { label }: RegisteredParticipant,
  after: Positions | undefined,
): string | null {
  return after ? (after[label] ?? null) : '';
}
