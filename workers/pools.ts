import { participants, services } from '../contracts/participants';

/**
 * How many connections each process may have at most: a pool's own size, and for a participant one
 * more for each branch that is being prepared. `npm run faults` counts the sessions against their
 * sum.
 */

/** Of each of the API's pools: one a service, and one for reads of orders; see serve-api.ts. */
export const apiPoolMax = 10;
const apiPools = services.length + 1;

/**
 * Each ends one branch, and waits for no row but its own order's barrier row, so that few keep up
 * with many prepares.
 */
export const branchSlots = 10;

/** Of a participant: its slots and those that end branches share a pool. */
export const participantPoolMax = (slots: number): number => slots + branchSlots;

/** All that the processes of one stack may have open at once, on all servers together. */
export function connectionsMax(slots: number, placement: 'separate' | 'local'): number {
  // Its steps' pool and its recovery's, and a connection of its own for each branch.
  const participant = 2 * participantPoolMax(slots) + slots;
  const order = placement === 'local' ? participantPoolMax(slots) : slots;
  const lock = slots;
  return apiPools * apiPoolMax + order + participants.length * participant + lock;
}

/**
 * Connections that wait until a server accepts them. While a server is frozen they are those of
 * clients who have given up and asked again; when it goes on it takes them all for sessions, until
 * each turns out to be closed. Past this number the kernel takes no more.
 */
export const acceptQueueMax = 200;

/** Left for people and their tools: a shell, `npm run audit`, a monitor. */
const visitorsMax = 60;

/** What a server allows: all of ours, those whose clients have gone, and people beside them. */
export function serverConnectionsMax(slots: number): number {
  return connectionsMax(slots, 'local') + acceptQueueMax + visitorsMax;
}
