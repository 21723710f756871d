/**
 * How many connections each process may have at most: a pool's own size, and for a participant one
 * more for each branch that is being prepared. Their sum must stay below the servers'
 * `max_connections`; `npm run faults` counts the sessions against it.
 */

/** Of each of the API's four pools; see serve-api.ts. */
export const apiPoolMax = 10;
const apiPools = 4;

/**
 * Each ends one branch, and waits for no row but its own order's barrier row, so that few keep up
 * with many prepares.
 */
export const branchSlots = 10;

/** Of a participant: its slots and those that end branches share a pool. */
export const participantPoolMax = (slots: number): number => slots + branchSlots;

/** All that the processes of one stack may have open at once, on all servers together. */
export function connectionsMax(slots: number, placement: 'separate' | 'local'): number {
  const participant = 2 * participantPoolMax(slots) + slots;
  const order = placement === 'local' ? participantPoolMax(slots) : slots;
  const lock = slots;
  return apiPools * apiPoolMax + order + 2 * participant + lock;
}
