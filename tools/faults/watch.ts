import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../activities/database/connection';
import { firstCustomer } from '../stack/first-order';
import { mintToken } from '../stack/token';
import { reads, type Read } from './faults';
import type { FaultStack } from './stack';

/** What was seen while a fault lasted. */
export interface Seen {
  /** The most sessions that were logged in at once, but for those of this command. */
  sessions: number;
  /** The most that had not said who they are: the clients of most have gone. */
  unknown: number;
  /** Of each read, how many were answered, and how many were not. */
  reads: Record<Read, { answered: number; failed: number }>;
}

const everyMs = 1_000;
const readMsMax = 5_000;

/** Counts sessions and reads what customers read, once a second, until the signal. */
export async function watch(on: FaultStack, until: AbortSignal): Promise<Seen> {
  const seen: Seen = { sessions: 0, unknown: 0, reads: emptyReads() };
  const admin = openDatabase({
    url: on.stack.databases.order.adminUrl,
    poolMax: 1,
    silentMsMax: readMsMax,
  });
  const headers = await bearer(on);
  const looks: Promise<void>[] = [];
  while (!until.aborted) {
    looks.push(
      countSessions(admin, seen),
      ...reads.map(async (read) => {
        const kind = (await isAnswered(on, read, headers)) ? 'answered' : 'failed';
        seen.reads[read][kind] += 1;
      }),
    );
    await sleep(everyMs, undefined, { signal: until }).catch(() => undefined);
  }
  await Promise.all(looks);
  await admin.destroy();
  return seen;
}

/** Whether all reads are answered before the time is over. */
export async function readsComeBack(on: FaultStack, msMax: number): Promise<boolean> {
  const deadline = Date.now() + msMax;
  const headers = await bearer(on);
  while (Date.now() < deadline) {
    const answered = await Promise.all(reads.map((read) => isAnswered(on, read, headers)));
    if (answered.every(Boolean)) return true;
    await sleep(everyMs);
  }
  return false;
}

async function bearer(on: FaultStack) {
  return { authorization: `Bearer ${await mintToken(on.stack, { customerId: firstCustomer })}` };
}

function emptyReads(): Seen['reads'] {
  const none = reads.map((read) => [read, { answered: 0, failed: 0 }] as const);
  return Object.fromEntries(none) as Seen['reads'];
}

async function countSessions(admin: ReturnType<typeof openDatabase>, seen: Seen): Promise<void> {
  try {
    const [rows] = (await admin.raw(
      `SELECT COUNT(IF(user <> 'unauthenticated user', 1, NULL)) AS sessions,
              COUNT(IF(user = 'unauthenticated user', 1, NULL)) AS unknown_
       FROM information_schema.processlist
       WHERE user NOT IN ('root', 'event_scheduler', 'auditor')`,
    )) as [{ sessions: number; unknown_: number }[]];
    const [{ sessions, unknown_: unknown } = { sessions: 0, unknown_: 0 }] = rows;
    seen.sessions = Math.max(seen.sessions, sessions);
    seen.unknown = Math.max(seen.unknown, unknown);
  } catch {
    // A frozen server answers nobody; once it goes on it is asked again.
  }
}

async function isAnswered(on: FaultStack, read: Read, headers: object): Promise<boolean> {
  try {
    const response = await fetch(`${on.stack.apiUrl}${read}`, {
      headers: { ...headers },
      signal: AbortSignal.timeout(readMsMax),
    });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
