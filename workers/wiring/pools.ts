import { participants, services } from '../../contracts/participants';

/**
 * The maximum number of connections per process: the pool's size, and for a participant one more
 * per branch that is being prepared. `npm run faults` checks the number of sessions against the
 * sum.
 */

/**
 * The size of each of the API's pools: one per service, and one for reads of orders; see
 * serve-api.ts.
 */
export const apiPoolMax = 10;
const apiPools = services.length + 1;

/**
 * Ending a branch waits for no row lock except its order's barrier row, so a few slots suffice.
 */
export const branchSlots = 10;

/**
 * Steps that wait for locked rows. Each may wait a second, so more slots would mostly queue in the
 * database instead of in Temporal.
 */
export const waitingSlots = 8;

/** The size of the pool of pattern `lock`, which its slots and the slots that wait share. */
export const lockPoolMax = (slots: number): number => slots + waitingSlots;

/**
 * The size of a participant's pool, which its slots, the slots that wait and the slots that end
 * branches share.
 */
export const participantPoolMax = (slots: number): number => slots + waitingSlots + branchSlots;

/** All connections that one stack's processes may open at once, on all servers together. */
export function connectionsMax(slots: number, placement: 'separate' | 'local'): number {
  // The pools of its steps and its recovery, and one connection per branch.
  const participant = 2 * participantPoolMax(slots) + slots + waitingSlots;
  const order = placement === 'local' ? participantPoolMax(slots) : slots;
  const lock = lockPoolMax(slots);
  return apiPools * apiPoolMax + order + participants.length * participant + lock;
}

/**
 * Connections that wait for a server to accept them. Clients of a frozen server time out and
 * connect again; when the server continues, it opens a session for each of these connections and
 * then finds it closed. The kernel refuses connections beyond this number.
 */
export const acceptQueueMax = 200;

/** Reserved for operators' tools: a shell, `npm run audit`, a monitor. */
const visitorsMax = 60;

/**
 * What a server must allow: the stack's connections, those of clients that have gone, and
 * operators' tools.
 */
export function serverConnectionsMax(slots: number): number {
  return connectionsMax(slots, 'local') + acceptQueueMax + visitorsMax;
}
