import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptQueueMax } from '../../workers/wiring/pools';
import { apiClient } from '../load/api-client';
import { defaultPatience } from '../load/caller';
import { generateOrders } from '../load/generator';
import { mixPatterns, patternsOf } from '../load/mix';
import type { Summary } from '../load/outcomes';
import { runLoad } from '../load/run';
import { mintToken } from '../stack/token';
import type { Fault, Held } from './faults';
import type { FaultStack } from './stack';
import { readsComeBack, watch, type Seen } from './watch';

/** What became of one fault. */
export interface FaultResult {
  name: string;
  /** What was not as promised; none where it held. */
  faults: string[];
  /** The most sessions, or statements, of ours that it had stopped. */
  stopped: number;
  seen: Seen;
}

const callers = 64;
const seed = 12;
const settleMs = 10_000;
const backMsMax = 30_000;
const lookEveryMs = 1_000;

/** Holds each fault beside orders of every pattern, one fault after the other. */
export async function runFaults(
  on: FaultStack,
  faults: readonly Fault[],
  { seconds, say }: { seconds: number; say: (line: string) => void },
): Promise<{ results: FaultResult[]; summary: Summary }> {
  const stop = new AbortController();
  const load = placeOrders(on, stop.signal);
  const results: FaultResult[] = [];
  try {
    await sleep(settleMs);
    for (const fault of faults) {
      const result = await hold(on, fault, seconds);
      if (!result) {
        say(`${fault.name.padEnd(18)} cannot be made here: it takes the right to mount`);
        continue;
      }
      say(lineOf(result, on));
      results.push(result);
    }
  } finally {
    stop.abort();
  }
  return { results, summary: await load };
}

async function hold(
  on: FaultStack,
  { name, goOn, begin }: Fault,
  seconds: number,
): Promise<FaultResult | undefined> {
  const stop = new AbortController();
  const diedBefore = on.died.length;
  const held = await begin(on);
  if (!held) return undefined;
  const watching = watch(on, stop.signal);
  const { stopped, back } = await sitOut(on, held, seconds * 1_000).finally(() => {
    stop.abort();
  });
  const seen = await watching;
  const faults = goOn
    .filter((read) => seen.reads[read].failed > 0)
    .map((read) => `${read} failed ${String(seen.reads[read].failed)} times`);
  if (stopped === 0) faults.push('it stopped nothing');
  if (seen.sessions > on.sessionsMax) faults.push('more sessions than connections');
  if (seen.unknown > acceptQueueMax) faults.push('more handshakes than may wait');
  const died = on.died.slice(diedBefore);
  if (died.length > 0) faults.push(`${died.join(', ')} died`);
  if (!back) faults.push(`reads did not come back within ${String(backMsMax / 1_000)} s`);
  return { name, faults, stopped, seen };
}

/** Ends the fault after so long; answers the most that it had stopped, and whether reads came back. */
async function sitOut(on: FaultStack, { stopped, end }: Held, ms: number) {
  const until = performance.now() + ms;
  let most = 0;
  try {
    while (performance.now() < until) {
      most = Math.max(most, await stopped());
      await sleep(lookEveryMs);
    }
  } finally {
    await end();
  }
  const back = await readsComeBack(on, backMsMax);
  // What was held up goes on at once: that is when there may be too many.
  await sleep(settleMs);
  return { stopped: most, back };
}

function lineOf({ name, faults, stopped, seen }: FaultResult, on: FaultStack): string {
  const counts =
    `${String(seen.sessions)} sessions of ${String(on.sessionsMax)} at most` +
    (seen.unknown > 0 ? `, and ${String(seen.unknown)} not logged in` : '');
  const read = Object.entries(seen.reads)
    .map(
      ([path, { answered, failed }]) => `${path} ${String(answered)}/${String(answered + failed)}`,
    )
    .join(', ');
  return `${name.padEnd(18)} ${faults.length === 0 ? 'held' : faults.join('; ')}; ${String(stopped)} stopped; ${counts}; ${read}`;
}

async function placeOrders(on: FaultStack, signal: AbortSignal): Promise<Summary> {
  const tokenOf = (customerId: string) => mintToken(on.stack, { customerId });
  const client = apiClient({ apiUrl: on.stack.apiUrl, connections: callers, tokenOf });
  try {
    return await runLoad({
      client,
      orders: mixPatterns(
        generateOrders(Number.MAX_SAFE_INTEGER, seed),
        patternsOf(on.stack),
        seed,
      ),
      callers,
      pattern: undefined,
      keyPrefix: `faults-${randomUUID()}`,
      patience: defaultPatience,
      signal,
      onProgress: () => undefined,
    });
  } finally {
    await client.close();
  }
}
