import type { Pattern } from '../../contracts/order';
import { readConfig } from '../../workers/wiring/config';
import { patternsOffered, patternSettings } from '../../workers/wiring/patterns';
import type { RunningStack } from '../stack/state';
import type { LoadOrder } from './order-file';
import { seededRandom, wholeNumber } from './random';

/** The word for `--pattern` that leaves each order its own. */
export const mixed = 'mixed';

/** So that the patterns are drawn apart from the orders, which stay those of their seed. */
const ownStream = 0x6d_69_78_65;

/** What this clone's running stack offers: the same table decides for it. */
export function patternsOf({ databaseServers }: RunningStack): Pattern[] {
  return patternsOffered(readConfig(patternSettings, { DATABASE_SERVERS: databaseServers }));
}

/** Gives each order that names no pattern one of these, the same for the same seed. */
export async function* mixPatterns(
  orders: Iterable<LoadOrder> | AsyncIterable<LoadOrder>,
  patterns: readonly Pattern[],
  seed: number,
): AsyncGenerator<LoadOrder> {
  const random = seededRandom(seed ^ ownStream);
  for await (const order of orders) {
    const pattern = patterns[wholeNumber(random, 0, patterns.length - 1)];
    yield pattern === undefined ? order : { pattern, ...order };
  }
}
